//! `routing/findprovs`.

use crate::kubo::routing::QueryEvent;

command! {
    /// Find peers that provide content.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-routing-findprovs>
    pub struct RoutingFindprovs: "routing/findprovs" {
        arguments {
            /// CIDs to look up; only the first is used.
            keys: Vec<String> = required "key",
        }
        options {
            /// Include the steps of the lookup.
            verbose: bool = "verbose" | "v", false;
            /// Number of providers to find.
            num_providers: i32 = "num-providers" | "n", 20;
        }
        body: NoBody,
        reply: Many<QueryEvent>,
        safe: true,
        needs: Repository,
        text: |request, event, out| event.provider_line(request.verbose, out),
    }
}
