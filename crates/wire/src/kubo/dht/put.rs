//! `dht/put`.

use crate::kubo::routing::QueryEvent;

command! {
    /// Store a record under a key.
    ///
    /// Kubo has removed this command; it works as in Kubo 0.7. Prefer `routing`.
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-dht-put>
    pub struct DhtPut: "dht/put" {
        arguments {
            /// Key such as `/ipns/NAME`.
            key: String = required "key",
        }
        options {
            /// Include the steps of the lookup.
            verbose: bool = "verbose" | "v", false;
        }
        body: Files { name: "value-file", many: false, recursive: false },
        reply: Many<QueryEvent>,
        safe: false,
        needs: Repository,
        text: |request, event, out| event.put_line(request.verbose, out),
    }
}
