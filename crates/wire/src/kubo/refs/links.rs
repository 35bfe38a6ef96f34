//! `refs`.

use cairn_primitives::ByteString;
use serde::{Deserialize, Serialize};

use crate::endpoint::{Body, ReplyKind};
use crate::text::escaped;

/// A link, or why no more of a root can be listed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Ref {
    /// The link in the format that was asked for.
    pub r#ref: String,
    /// What went wrong; empty when nothing did.
    pub err: String,
}

impl Ref {
    /// A link.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self {
            r#ref: text,
            err: String::new(),
        }
    }

    /// Writes the link; a record of an error has none.
    pub fn text(&self, out: &mut String) {
        if self.err.is_empty() {
            escaped(&self.r#ref, out);
            out.push('\n');
        }
    }
}

/// The format that shows what is linked to.
pub const TARGET: &str = "<dst>";

endpoint! {
    /// Lists what blocks link to.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-refs>
    pub struct Refs: "refs" {
        arguments {
            /// Where to begin.
            paths: Vec<ByteString> = required "ipfs-path",
        }
        options {
            /// How to write a link: `<src>`, `<dst>` and `<linkname>` are filled in.
            format: String = "format", TARGET.to_owned();
            /// Write `<src> -> <dst>`.
            edges: bool = "edges" | "e", false;
            /// List each block once.
            unique: bool = "unique" | "u", false;
            /// List the links of what is linked to as well.
            recursive: bool = "recursive" | "r", false;
            /// Most levels to list; -1 for all.
            max_depth: i32 = "max-depth", -1;
        }
        body: Body::Nothing,
        reply: ReplyKind::Many, Ref,
        xml: "RefWrapper",
        text: |_, link, out| link.text(out),
    }
}
