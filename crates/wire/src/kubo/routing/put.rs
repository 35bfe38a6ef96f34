//! `routing/put`.

use crate::kubo::routing::QueryEvent;

command! {
    /// Store a record under a key.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-routing-put>
    pub struct RoutingPut: "routing/put" {
        arguments {
            /// Key such as `/ipns/NAME`.
            key: String = required "key",
        }
        options {
            /// Store the record locally when this node is offline.
            allow_offline: bool = "allow-offline", false;
        }
        body: Files { name: "value-file", many: false, recursive: false },
        reply: Many<QueryEvent>,
        safe: false,
        needs: Repository,
        text: |_, event, out| event.put_line(false, out),
    }
}
