//! `pin/remote/service/rm`.

command! {
    /// Remove a remote pinning service.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-pin-remote-service-rm>
    pub struct PinRemoteServiceRm: "pin/remote/service/rm" {
        arguments {
            /// Name of the service.
            service: String = required "service",
        }
        options {}
        body: NoBody,
        reply: Nothing,
        safe: false,
        needs: Repository,
        text: |_, (), _| (),
    }
}
