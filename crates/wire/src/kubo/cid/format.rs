//! `cid/format`.

use serde::{Deserialize, Serialize};

use crate::endpoint::{Body, ReplyKind};
use crate::text::escaped;

/// A CID in another form, or why it has none.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Formatted {
    /// The CID as it was given.
    pub cid_str: String,
    /// Its new form.
    pub formatted: String,
    /// Why it has none; empty when it has.
    pub error_msg: String,
}

impl Formatted {
    /// Writes the new form; a record of an error has none.
    pub fn text(&self, out: &mut String) {
        if self.error_msg.is_empty() {
            escaped(&self.formatted, out);
            out.push('\n');
        }
    }
}

endpoint! {
    /// Writes CIDs in other forms.
    ///
    /// In a format string `%s` is the CID, `%b` its base, `%v` its version, `%c` its codec, `%h` its hash function, `%L` the
    /// length of its digest, `%m` its multihash, `%d` its digest, `%P` its prefix (`%v-%c-%h-%L`), `%%` a percent sign.
    /// `%B`, `%V`, `%C` and `%H` are codes in place of names; `%M`, `%D` and `%S` leave the prefix of the base out.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-cid-format>
    pub struct CidFormat: "cid/format" {
        arguments {
            /// The CIDs.
            cids: Vec<String> = required "cid",
        }
        options {
            /// The format string.
            format: String = "f", "%s".to_owned();
            /// Convert to this version: 0 or 1.
            version: Option<String> = "v", None;
            /// Convert to this codec.
            codec: Option<String> = "mc", None;
            /// Write in this base.
            base: Option<String> = "b", None;
        }
        body: Body::Nothing,
        reply: ReplyKind::Many, Formatted,
        xml: "CidFormatRes",
        text: |_, formatted, out| formatted.text(out),
    }
}
