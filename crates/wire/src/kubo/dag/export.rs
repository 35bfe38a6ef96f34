//! `dag/export`.

use crate::endpoint::{Body, ReplyKind};
use cairn_primitives::ByteString;

endpoint! {
    /// Reads a DAG as a CAR.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-dag-export>
    pub struct DagExport: "dag/export" {
        arguments {
            /// The root.
            root: ByteString = required "root",
        }
        options {
            /// Tell how far the reading has come.
            progress: Option<bool> = "progress" | "p", None;
            /// Leave out blocks that are not here.
            local_only: bool = "local-only", false;
        }
        body: Body::Nothing,
        reply: ReplyKind::Bytes("application/vnd.ipld.car"), (),
        text: |_, (), _| (),
    }
}
