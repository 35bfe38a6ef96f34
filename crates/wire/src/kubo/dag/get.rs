//! `dag/get`.

use crate::endpoint::{Body, ReplyKind};
use cairn_primitives::ByteString;

endpoint! {
    /// Reads a node, or a value inside one, in any codec.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-dag-get>
    pub struct DagGet: "dag/get" {
        arguments {
            /// What to read.
            path: ByteString = required "ref",
        }
        options {
            /// Codec to write it in.
            output_codec: String = "output-codec", "dag-json".to_owned();
        }
        body: Body::Nothing,
        reply: ReplyKind::Bytes("text/plain"), (),
        text: |_, (), _| (),
    }
}
