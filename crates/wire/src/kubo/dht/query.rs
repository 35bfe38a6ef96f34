//! `dht/query`.

use crate::kubo::routing::QueryEvent;

command! {
    /// Find the peers closest to a peer ID.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-dht-query>
    pub struct DhtQuery: "dht/query" {
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
        text: |request, event, out| match event.r#type {
            QueryEvent::FINAL_PEER => {
                out.push_str(&event.id);
                out.push('\n');
            }
            _ => event.line(request.verbose, out),
        },
    }
}
