//! `pin/update`.

use cairn_primitives::ByteString;
use std::fmt::Write as _;

use super::rm::Unpinned;

/// The two roots: the old, then the new.
pub type Updated = Unpinned;

command! {
    /// Replace a recursive pin, reading only what differs.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-pin-update>
    pub struct PinUpdate: "pin/update" {
        examples: [
            "{program} pin update OLD-CID NEW-CID",
        ],
        arguments {
            /// Path that is pinned.
            from: ByteString = required "from-path",
            /// Path to pin instead.
            to: ByteString = required "to-path",
        }
        options {
            /// Remove the old pin.
            unpin: bool = "unpin", true;
            /// Announce the root before all other content [default: true].
            fast_provide_root: Option<bool> = "fast-provide-root", None;
            /// With `--fast-provide-wait`, announce the whole DAG and not only the root.
            fast_provide_dag: Option<bool> = "fast-provide-dag", None;
            /// Wait until peers have taken the announcement.
            fast_provide_wait: Option<bool> = "fast-provide-wait", None;
        }
        body: NoBody,
        reply: One<Updated>,
        safe: false,
        needs: Repository,
        xml: "PinOutput",
        text: |_, updated, out| {
            if let [from, to] = updated.pins.as_slice() {
                let _ = writeln!(out, "updated {from} to {to}");
            }
        },
    }
}
