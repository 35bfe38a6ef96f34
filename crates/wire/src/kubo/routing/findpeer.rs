//! `routing/findpeer`.

use crate::kubo::routing::QueryEvent;

command! {
    /// Find the addresses of a peer.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-routing-findpeer>
    pub struct RoutingFindpeer: "routing/findpeer" {
        arguments {
            /// Peer IDs to look up; only the first is used.
            peers: Vec<String> = required "peerID",
        }
        options {
            /// Include the steps of the lookup.
            verbose: bool = "verbose" | "v", false;
        }
        body: NoBody,
        reply: Many<QueryEvent>,
        safe: true,
        needs: Repository,
        text: |request, event, out| event.peer_lines(request.verbose, out),
    }
}
