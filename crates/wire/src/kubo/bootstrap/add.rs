//! `bootstrap/add`.

use super::BootstrapPeers;

command! {
    /// Add peers to the bootstrap list.
    ///
    /// `default` and `auto` stand for the peers that AutoConf names.
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-bootstrap-add>
    pub struct BootstrapAdd: "bootstrap/add" {
        examples: [
            "{program} bootstrap add /dnsaddr/node.example/p2p/PEER_ID",
        ],
        arguments {
            /// Multiaddrs that end in `/p2p/PEER_ID`.
            peers: Vec<String> = optional "peer",
        }
        options {}
        body: NoBody,
        reply: One<BootstrapPeers>,
        safe: false,
        needs: Repository,
        text: |_, list, out| list.lines("added ", out),
    }
}
