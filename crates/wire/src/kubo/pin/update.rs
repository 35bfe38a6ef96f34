//! `pin/update`.

use cairn_primitives::ByteString;
use std::fmt::Write as _;

use super::rm::Unpinned;
use crate::endpoint::{Body, ReplyKind};

/// The two roots: the old, then the new.
pub type Updated = Unpinned;

endpoint! {
    /// Keeps a DAG in place of another; only what is new in it is looked at.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-pin-update>
    pub struct PinUpdate: "pin/update" {
        arguments {
            /// What is kept now.
            from: ByteString = required "from-path",
            /// What to keep from now on.
            to: ByteString = required "to-path",
        }
        options {
            /// Let a collection have the old one.
            unpin: bool = "unpin", true;
            /// Announce the root at once.
            fast_provide_root: Option<bool> = "fast-provide-root", None;
            /// Announce all of the DAG at once.
            fast_provide_dag: Option<bool> = "fast-provide-dag", None;
            /// Wait for the announcement.
            fast_provide_wait: Option<bool> = "fast-provide-wait", None;
        }
        body: Body::Nothing,
        reply: ReplyKind::One, Updated,
        xml: "PinOutput",
        text: |_, updated, out| {
            if let [from, to] = updated.pins.as_slice() {
                let _ = writeln!(out, "updated {from} to {to}");
            }
        },
    }
}
