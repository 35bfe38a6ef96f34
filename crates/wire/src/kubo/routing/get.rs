//! `routing/get`.

use crate::kubo::routing::QueryEvent;

command! {
    /// Get the best record of a key.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-routing-get>
    pub struct RoutingGet: "routing/get" {
        arguments {
            /// Keys such as `/ipns/NAME`; only the first is used.
            keys: Vec<String> = required "key",
        }
        options {}
        body: NoBody,
        reply: Many<QueryEvent>,
        safe: true,
        needs: Repository,
        cli: Custom,
        text: |_, event, out| event.line(false, out),
    }
}
