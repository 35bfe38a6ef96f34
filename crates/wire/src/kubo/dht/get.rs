//! `dht/get`.

use crate::kubo::routing::QueryEvent;

command! {
    /// Get the best record of a key.
    ///
    /// Kubo has removed this command; it works as in Kubo 0.7. Prefer `routing`.
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-dht-get>
    pub struct DhtGet: "dht/get" {
        arguments {
            /// Keys such as `/ipns/NAME`; only the first is used.
            keys: Vec<String> = required "key",
        }
        options {
            /// Include the steps of the lookup.
            verbose: bool = "verbose" | "v", false;
        }
        body: NoBody,
        reply: Many<QueryEvent>,
        safe: true,
        needs: Repository,
        cli: Custom,
        text: |request, event, out| event.line(request.verbose, out),
    }
}
