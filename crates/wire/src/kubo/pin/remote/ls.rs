//! `pin/remote/ls`.

use std::fmt::Write as _;

use super::RemotePin;

command! {
    /// List pins at a remote pinning service.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-pin-remote-ls>
    pub struct PinRemoteLs: "pin/remote/ls" {
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
        }
        body: NoBody,
        reply: Many<RemotePin>,
        safe: true,
        needs: Repository,
        text: |_, pin, out| {
            let _ = writeln!(out, "{}\t{}\t{}", pin.cid, pin.status, pin.shown_name());
        },
    }
}
