//! `multibase/encode`.

use crate::endpoint::{Body, ReplyKind};

endpoint! {
    /// Writes bytes as text that says its base.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-multibase-encode>
    pub struct MultibaseEncode: "multibase/encode" {
        arguments {}
        options {
            /// The base: its name or its prefix.
            base: String = "b", "base64url".to_owned();
        }
        body: Body::Files { name: "file", many: false, recursive: false },
        reply: ReplyKind::Bytes("text/plain"), (),
        text: |_, (), _| (),
    }
}
