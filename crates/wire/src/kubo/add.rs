//! `add`.

use serde::{Deserialize, Serialize};

use crate::endpoint::{Body, ReplyKind};
use crate::text::escaped;

/// One line of the answer: a thing that was added, or how far one has come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Added {
    /// Its path in what was sent; its CID when it has no name; empty for the folder that wraps all.
    pub name: String,
    /// Its CID; absent from a line of progress.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub hash: String,
    /// Bytes of the file that were read so far; only in a line of progress.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Bytes of all its blocks, as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<String>,
    /// Permissions that came with it, in octal with a leading zero.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// Time of its last change, in seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mtime: Option<i64>,
    /// The nanoseconds of that time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mtime_nsecs: Option<u32>,
}

endpoint! {
    /// Adds files and folders.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-add>
    pub struct Add: "add" {
        arguments {}
        options {
            /// Take folders with all that is in them.
            recursive: bool = "recursive" | "r", false;
            /// Follow the links among the paths that are named.
            dereference_args: bool = "dereference-args", false;
            /// Name what is read from the standard input.
            stdin_name: Option<String> = "stdin-name", None;
            /// Take what is hidden as well.
            hidden: bool = "hidden" | "H", false;
            /// Leave out what fits this rule, as in a `.gitignore`.
            ignore: Vec<String> = "ignore", Vec::new();
            /// Leave out what fits the rules of this file.
            ignore_rules_path: Option<String> = "ignore-rules-path", None;
            /// Take empty folders.
            empty_dirs: bool = "empty-dirs" | "E", true;
            /// Follow every link.
            dereference_symlinks: bool = "dereference-symlinks", false;
            /// Write CIDs only.
            quiet: bool = "quiet" | "q", false;
            /// Write the last CID only.
            quieter: bool = "quieter" | "Q", false;
            /// Write nothing.
            silent: bool = "silent", false;
            /// Tell how far each file has come.
            progress: Option<bool> = "progress" | "p", None;
            /// Compute the CIDs and store nothing.
            only_hash: bool = "only-hash" | "n", false;
            /// Put all into one folder.
            wrap_with_directory: bool = "wrap-with-directory" | "w", false;
            /// Pin what was added.
            pin: bool = "pin", true;
            /// Name the pin.
            pin_name: Option<String> = "pin-name", None;
            /// Make what was added seen in MFS at this path.
            to_files: Option<String> = "to-files", None;
            /// Version of the CIDs.
            cid_version: Option<i32> = "cid-version", None;
            /// Hash function of the CIDs.
            hash: Option<String> = "hash", None;
            /// Leaves that are raw blocks.
            raw_leaves: Option<bool> = "raw-leaves", None;
            /// How files are cut: `size-BYTES`, `rabin-MIN-AVG-MAX`, `buzhash`.
            chunker: Option<String> = "chunker" | "s", None;
            /// Trickle trees in place of balanced ones.
            trickle: bool = "trickle" | "t", false;
            /// Most links of a node of a file.
            max_file_links: Option<i32> = "max-file-links", None;
            /// Most links of a plain folder.
            max_directory_links: Option<i32> = "max-directory-links", None;
            /// Most links of a node of a sharded folder.
            max_hamt_fanout: Option<i32> = "max-hamt-fanout", None;
            /// Put small blocks into their CIDs.
            inline: bool = "inline", false;
            /// Most bytes of a block that is put into its CID.
            inline_limit: i32 = "inline-limit", 32;
            /// Refer to the file in place of storing its bytes.
            nocopy: bool = "nocopy", false;
            /// Look whether the file is referred to already.
            fscache: bool = "fscache", false;
            /// Keep the mode of files.
            preserve_mode: bool = "preserve-mode", false;
            /// Keep the time of files.
            preserve_mtime: bool = "preserve-mtime", false;
            /// The mode of every file, in octal.
            mode: Option<u32> = "mode", None;
            /// The time of every file, in seconds since 1970.
            mtime: Option<i64> = "mtime", None;
            /// The nanoseconds of that time.
            mtime_nsecs: Option<u32> = "mtime-nsecs", None;
            /// Announce the root at once.
            fast_provide_root: Option<bool> = "fast-provide-root", None;
            /// Announce all of the DAG at once.
            fast_provide_dag: Option<bool> = "fast-provide-dag", None;
            /// Wait for the announcement.
            fast_provide_wait: Option<bool> = "fast-provide-wait", None;
        }
        body: Body::Files { name: "path", many: true, recursive: true },
        reply: ReplyKind::Many, Added,
        text: |request, added, out| {
            if added.hash.is_empty() {
                return;
            }
            if request.quiet || request.quieter {
                out.push_str(&added.hash);
            } else {
                out.push_str("added ");
                out.push_str(&added.hash);
                // The folder that wraps all has no name; the space stays, as in Kubo's output.
                out.push(' ');
                escaped(&added.name, out);
            }
            out.push('\n');
        },
    }
}
