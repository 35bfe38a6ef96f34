//! `files/ls`.

use std::fmt::Write as _;

use cairn_primitives::ByteString;
use serde::{Deserialize, Deserializer, Serialize};

use crate::text::escaped;

/// A directory's entries; a file is listed as itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct FilesListing {
    /// The entries; `null` in JSON for an empty directory.
    #[serde(default, deserialize_with = "null_is_none")]
    pub entries: Vec<FilesEntry>,
}

/// An entry of a directory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct FilesEntry {
    /// Its name.
    pub name: String,
    /// 1 for a directory, 0 for a file; 0 unless `long`.
    #[serde(default)]
    pub r#type: i32,
    /// Bytes of a file; 0 unless `long`.
    #[serde(default)]
    pub size: i64,
    /// Its CID; empty unless `long`.
    #[serde(default)]
    pub hash: String,
}

/// The type of a directory in [`FilesEntry::type`].
pub const DIRECTORY: i32 = 1;

fn null_is_none<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<FilesEntry>, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

command! {
    /// List a directory of MFS.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-files-ls>
    pub struct FilesLs: "files/ls" {
        examples: [
            "{program} files ls",
            "{program} files ls -l /photos",
        ],
        arguments {
            /// Path to list [default: /].
            path: Option<ByteString> = optional "path",
        }
        options {
            /// No effect: this command changes nothing.
            flush: bool = "flush" | "f", true;
            /// Include CIDs and sizes.
            long: bool = "long" | "l", false;
            /// Do not sort; list entries in directory order.
            unsorted: bool = "U", false;
        }
        body: NoBody,
        reply: Large<FilesListing>,
        safe: true,
        needs: Repository,
        cli: Custom,
        text: |request, listing, out| {
            let mut entries: Vec<&FilesEntry> = listing.entries.iter().collect();
            if !request.unsorted {
                entries.sort_by(|one, other| one.name.cmp(&other.name));
            }
            for entry in entries {
                entry.line(request.long, out);
            }
        },
    }
}

impl FilesEntry {
    /// Writes the entry as a line.
    pub fn line(&self, long: bool, out: &mut String) {
        escaped(&self.name, out);
        if long {
            let slash = if self.r#type == DIRECTORY { "/" } else { "" };
            let _ = write!(out, "{slash}\t{}\t{}", self.hash, self.size);
        }
        out.push('\n');
    }
}
