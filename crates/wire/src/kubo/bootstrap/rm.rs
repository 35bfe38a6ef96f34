//! `bootstrap/rm`.

use super::BootstrapPeers;

command! {
    /// Remove peers from the bootstrap list.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-bootstrap-rm>
    pub struct BootstrapRm: "bootstrap/rm" {
        arguments {
            /// Multiaddrs that end in `/p2p/PEER_ID`.
            peers: Vec<String> = optional "peer",
        }
        options {
            /// Remove all peers.
            all: bool = "all", false;
        }
        body: NoBody,
        reply: One<BootstrapPeers>,
        safe: false,
        needs: Repository,
        text: |_, list, out| list.lines("removed ", out),
    }
}
