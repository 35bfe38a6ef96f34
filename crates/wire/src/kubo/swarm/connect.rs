//! `swarm/connect`.

use crate::kubo::StringList;

command! {
    /// Connect to peers.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-swarm-connect>
    pub struct SwarmConnect: "swarm/connect" {
        examples: [
            "{program} swarm connect /ip4/192.0.2.1/tcp/4001/p2p/PEER_ID",
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
        text: |_, list, out| list.lines(out),
    }
}
