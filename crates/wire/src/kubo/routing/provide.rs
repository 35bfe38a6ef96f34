//! `routing/provide`.

use crate::kubo::routing::QueryEvent;

command! {
    /// Announce that this node provides content.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-routing-provide>
    pub struct RoutingProvide: "routing/provide" {
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
