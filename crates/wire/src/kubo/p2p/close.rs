//! `p2p/close`.

use std::fmt::Write as _;

command! {
    /// Stop forwarding connections.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-p2p-close>
    pub struct P2pClose: "p2p/close" {
        arguments {}
        options {
            /// Close all listeners.
            all: bool = "all" | "a", false;
            /// Close listeners of this protocol.
            protocol: Option<String> = "protocol" | "p", None;
            /// Close listeners on this address.
            listen: Option<String> = "listen-address" | "l", None;
            /// Close listeners that forward to this address.
            target: Option<String> = "target-address" | "t", None;
        }
        body: NoBody,
        reply: One<i64>,
        safe: false,
        needs: Repository,
        text: |_, count, out| {
            let _ = writeln!(out, "Closed {count} stream(s)");
        },
    }
}
