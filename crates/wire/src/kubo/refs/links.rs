//! `refs`.

use cairn_primitives::ByteString;
use serde::{Deserialize, Serialize};

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

command! {
    /// List the links of objects.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-refs>
    pub struct Refs: "refs" {
        examples: [
            "{program} refs CID",
            "{program} refs -r --edges CID",
        ],
        arguments {
            /// Paths of the objects.
            paths: Vec<ByteString> = required "ipfs-path",
        }
        options {
            /// Output format; `<src>`, `<dst>` and `<linkname>` are replaced.
            format: String = "format", TARGET.to_owned();
            /// Print links as `<src> -> <dst>`.
            edges: bool = "edges" | "e", false;
            /// Omit duplicate links.
            unique: bool = "unique" | "u", false;
            /// List links recursively.
            recursive: bool = "recursive" | "r", false;
            /// Maximum depth with --recursive; -1 for no limit.
            max_depth: i32 = "max-depth", -1;
        }
        body: NoBody,
        reply: Many<Ref>,
        safe: true,
        needs: Repository,
        cli: Custom,
        xml: "RefWrapper",
        text: |_, link, out| link.text(out),
    }
}
