//! `cid/format`.

use serde::{Deserialize, Serialize};

use crate::text::escaped;

/// A converted CID, or an error.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Formatted {
    /// The CID as given.
    pub cid_str: String,
    /// The converted CID.
    pub formatted: String,
    /// The error; empty if there is none.
    pub error_msg: String,
}

impl Formatted {
    /// Writes the converted CID; nothing for an error record.
    pub fn text(&self, out: &mut String) {
        if self.error_msg.is_empty() {
            escaped(&self.formatted, out);
            out.push('\n');
        }
    }
}

command! {
    /// Format and convert CIDs.
    ///
    /// In a format string `%s` is the CID, `%b` its multibase, `%v` its version, `%c` its codec, `%h` its hash function, `%L` the
    /// length of its digest, `%m` its multihash, `%d` its digest, `%P` its prefix (`%v-%c-%h-%L`), `%%` a percent sign.
    /// `%B`, `%V`, `%C` and `%H` print codes instead of names; `%M`, `%D` and `%S` omit the multibase prefix.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-cid-format>
    pub struct CidFormat: "cid/format" {
        examples: [
            "{program} cid format -v 1 -b base32 QmCID",
            "{program} cid format -f '%b %h' CID",
        ],
        arguments {
            /// CIDs to format.
            cids: Vec<String> = required "cid",
        }
        options {
            /// Format string.
            format: String = "f", "%s".to_owned();
            /// Convert to this CID version, 0 or 1.
            version: Option<String> = "v", None;
            /// Convert to this multicodec.
            codec: Option<String> = "mc", None;
            /// Encode in this multibase.
            base: Option<String> = "b", None;
        }
        body: NoBody,
        reply: Many<Formatted>,
        safe: true,
        needs: Nothing,
        cli: Custom,
        xml: "CidFormatRes",
        text: |_, formatted, out| formatted.text(out),
    }
}
