//! `pin/remote/service/add`.

command! {
    /// Add a remote pinning service.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-pin-remote-service-add>
    pub struct PinRemoteServiceAdd: "pin/remote/service/add" {
        arguments {
            /// Name of the service.
            service: String = required "service",
            /// URL of its API.
            endpoint: String = required "endpoint",
            /// Access token.
            key: String = required secret "key",
        }
        options {}
        body: NoBody,
        reply: Nothing,
        safe: false,
        needs: Repository,
        text: |_, (), _| (),
    }
}
