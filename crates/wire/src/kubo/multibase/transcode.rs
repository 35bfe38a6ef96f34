//! `multibase/transcode`.

use crate::endpoint::{Body, ReplyKind};

endpoint! {
    /// Convert multibase text to another encoding.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-multibase-transcode>
    pub struct MultibaseTranscode: "multibase/transcode" {
        arguments {}
        options {
            /// Name or prefix of the new encoding.
            base: String = "b", "base64url".to_owned();
        }
        body: Body::Files { name: "encoded_file", many: false, recursive: false },
        reply: ReplyKind::Bytes("text/plain"), (),
        text: |_, (), _| (),
    }
}
