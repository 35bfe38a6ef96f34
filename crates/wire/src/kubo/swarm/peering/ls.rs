//! `swarm/peering/ls`.

use serde::{Deserialize, Serialize};

use crate::kubo::routing::PeerAddresses;
use crate::text::escaped;

/// Peers to which a connection is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PeeringList {
    /// The peers.
    #[serde(default, deserialize_with = "crate::json::null_as_default")]
    pub peers: Vec<PeerAddresses>,
}

command! {
    /// List the peers to which a connection is kept.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-swarm-peering-ls>
    pub struct SwarmPeeringLs: "swarm/peering/ls" {
        arguments {}
        options {}
        body: NoBody,
        reply: One<PeeringList>,
        safe: true,
        needs: Repository,
        text: |_, list, out| {
            for peer in &list.peers {
                out.push_str(&peer.id);
                out.push('\n');
                for address in &peer.addrs {
                    out.push('\t');
                    escaped(address, out);
                    out.push('\n');
                }
            }
        },
    }
}
