//! `refs`.

use cairn_primitives::ByteString;
use serde::{Deserialize, Serialize};

use crate::text::escaped;

/// A link, or an error that ends the list of a root.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Ref {
    /// The link in the requested format.
    pub r#ref: String,
    /// The error; empty if there is none.
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

    /// Writes the link; nothing for an error record.
    pub fn text(&self, out: &mut String) {
        if self.err.is_empty() {
            escaped(&self.r#ref, out);
            out.push('\n');
        }
    }
}

/// The format that prints the target of a link.
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
