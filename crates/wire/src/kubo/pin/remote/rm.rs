//! `pin/remote/rm`.

command! {
    /// Remove pins from a remote pinning service.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-pin-remote-rm>
    pub struct PinRemoteRm: "pin/remote/rm" {
        arguments {}
        options {
            /// Name of the pinning service.
            service: Option<String> = "service", None;
            /// Only pins of this name.
            name: Option<String> = "name", None;
            /// Only pins of these CIDs, separated by commas.
            cid: Vec<String> = "cid", Vec::new();
            /// Only pins with these statuses, separated by commas: `queued`, `pinning`, `pinned`, `failed`.
            status: Vec<String> = "status", vec!["pinned".to_owned()];
            /// Remove all matching pins, if there are several.
            force: bool = "force", false;
        }
        body: NoBody,
        reply: Nothing,
        safe: false,
        needs: Repository,
        text: |_, (), _| (),
    }
}
