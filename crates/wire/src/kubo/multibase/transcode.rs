//! `multibase/transcode`.

use crate::endpoint::{Body, ReplyKind};

endpoint! {
    /// Writes text that says its base in another base.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-multibase-transcode>
    pub struct MultibaseTranscode: "multibase/transcode" {
        arguments {}
        options {
            /// The other base: its name or its prefix.
            base: String = "b", "base64url".to_owned();
        }
        body: Body::Files { name: "encoded_file", many: false, recursive: false },
        reply: ReplyKind::Bytes("text/plain"), (),
        text: |_, (), _| (),
    }
}
