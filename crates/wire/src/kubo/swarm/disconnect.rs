//! `swarm/disconnect`.

use crate::kubo::StringList;

command! {
    /// Disconnect from peers.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-swarm-disconnect>
    pub struct SwarmDisconnect: "swarm/disconnect" {
        examples: [
            "{program} swarm disconnect /ip4/192.0.2.1/tcp/4001/p2p/PEER_ID",
        ],
        arguments {
            /// Multiaddrs that end in `/p2p/PEER_ID`.
            addresses: Vec<String> = required "address",
        }
        options {}
        body: NoBody,
        reply: One<StringList>,
        safe: false,
        needs: Repository,
        cli: Custom,
        text: |_, list, out| list.lines(out),
    }
}
