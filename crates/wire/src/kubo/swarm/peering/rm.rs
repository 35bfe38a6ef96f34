//! `swarm/peering/rm`.

use std::fmt::Write as _;

use super::PeeringChange;

command! {
    /// Stop keeping connections to peers.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-swarm-peering-rm>
    pub struct SwarmPeeringRm: "swarm/peering/rm" {
        arguments {
            /// Peer IDs.
            peers: Vec<String> = required "ID",
        }
        options {}
        body: NoBody,
        reply: Many<PeeringChange>,
        never_empty: true,
        safe: false,
        needs: Repository,
        text: |_, change, out| {
            let _ = writeln!(out, "remove {} {}", change.id, change.status);
        },
    }
}
