//! `pin/remote/add`.

use super::RemotePin;

command! {
    /// Pin an object at a remote pinning service.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-pin-remote-add>
    pub struct PinRemoteAdd: "pin/remote/add" {
        examples: [
            "{program} pin remote add --service=NAME --name=photos CID",
        ],
        arguments {
            /// Path of the object.
            path: String = required "ipfs-path",
        }
        options {
            /// Name of the pinning service.
            service: Option<String> = "service", None;
            /// Name of the pin.
            name: Option<String> = "name", None;
            /// Do not wait until the object is pinned.
            background: bool = "background", false;
        }
        body: NoBody,
        reply: Many<RemotePin>,
        safe: false,
        needs: Repository,
        text: |_, pin, out| {
            let rows = [["CID:".to_owned(), pin.cid.clone()], ["Name:".to_owned(), pin.shown_name()], ["Status:".to_owned(), pin.status.clone()]];
            crate::text::columns(&rows, out);
        },
    }
}
