//! `provide/clear`.

use std::fmt::Write as _;

command! {
    /// Clear the queue of content to be announced.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-provide-clear>
    pub struct ProvideClear: "provide/clear" {
        arguments {}
        options {
            /// Print nothing.
            quiet: bool = "quiet" | "q", false;
        }
        body: NoBody,
        reply: Many<u64>,
        safe: false,
        needs: Repository,
        text: |_, count, out| {
            let _ = writeln!(out, "removed {count} items from provide queue");
        },
    }
}
