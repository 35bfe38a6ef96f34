//! `swarm/peering/add`.

use std::fmt::Write as _;

use super::PeeringChange;

command! {
    /// Keep connections to peers until the daemon stops.
    ///
    /// `Peering.Peers` of the configuration names peers for good.
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-swarm-peering-add>
    pub struct SwarmPeeringAdd: "swarm/peering/add" {
        arguments {
            /// Multiaddrs that end in `/p2p/PEER_ID`.
            addresses: Vec<String> = required "address",
        }
        options {}
        body: NoBody,
        reply: Many<PeeringChange>,
        never_empty: true,
        safe: false,
        needs: Repository,
        text: |_, change, out| {
            let _ = writeln!(out, "add {} {}", change.id, change.status);
        },
    }
}
