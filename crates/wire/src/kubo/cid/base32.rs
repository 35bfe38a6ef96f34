//! `cid/base32`.

use super::format::Formatted;
use crate::endpoint::{Body, ReplyKind};

endpoint! {
    /// Convert CIDs to CIDv1 in base32.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-cid-base32>
    pub struct CidBase32: "cid/base32" {
        arguments {
            /// CIDs to convert.
            cids: Vec<String> = required "cid",
        }
        options {}
        body: Body::Nothing,
        reply: ReplyKind::Many, Formatted,
        xml: "CidFormatRes",
        text: |_, formatted, out| formatted.text(out),
    }
}
