//! `bootstrap/list`, also as `bootstrap`.

use super::BootstrapPeers;

command! {
    /// List the bootstrap peers.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-bootstrap-list>
    pub struct BootstrapList: "bootstrap/list" {
        arguments {}
        options {
            /// Expand `auto` placeholders.
            expand_auto: bool = "expand-auto", false;
        }
        body: NoBody,
        reply: One<BootstrapPeers>,
        safe: true,
        needs: Repository,
        aliases: ["bootstrap"],
        text: |_, list, out| list.lines("", out),
    }
}
