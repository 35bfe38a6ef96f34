//! `bootstrap/rm/all`.

use super::BootstrapPeers;

command! {
    /// Remove all peers from the bootstrap list.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-bootstrap-rm-all>
    pub struct BootstrapRmAll: "bootstrap/rm/all" {
        arguments {}
        options {}
        body: NoBody,
        reply: One<BootstrapPeers>,
        safe: false,
        needs: Repository,
        text: |_, list, out| list.lines("removed ", out),
    }
}
