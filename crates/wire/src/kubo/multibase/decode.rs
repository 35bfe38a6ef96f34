//! `multibase/decode`.

use crate::endpoint::{Body, ReplyKind};

endpoint! {
    /// Decode multibase text.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-multibase-decode>
    pub struct MultibaseDecode: "multibase/decode" {
        arguments {}
        options {}
        body: Body::Files { name: "encoded_file", many: false, recursive: false },
        reply: ReplyKind::Bytes("text/plain"), (),
        text: |_, (), _| (),
    }
}
