//! `dht/provide`.

use crate::kubo::routing::QueryEvent;

command! {
    /// Announce that this node provides content.
    ///
    /// Kubo has removed this command; it works as in Kubo 0.7. Prefer `routing`.
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-dht-provide>
    pub struct DhtProvide: "dht/provide" {
        arguments {
            /// CIDs to announce.
            keys: Vec<String> = required "key",
        }
        options {
            /// Include the steps of the lookup.
            verbose: bool = "verbose" | "v", false;
            /// Announce whole DAGs.
            recursive: bool = "recursive" | "r", false;
        }
        body: NoBody,
        reply: Many<QueryEvent>,
        safe: false,
        needs: Repository,
        text: |request, event, out| event.provide_line(request.verbose, out),
    }
}
