//! `add`.

use serde::{Deserialize, Serialize};

use crate::text::escaped;

/// One record of the reply: an added entry, or progress.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Added {
    /// Its path in the request; its CID if it has no name; empty for the wrapping directory.
    pub name: String,
    /// Its CID; absent from a progress record.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub hash: String,
    /// Bytes of the file that were read so far; only in a progress record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Total size of its blocks in bytes, as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<String>,
    /// Its permissions, in octal with a leading zero.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// Time of its last change, in seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mtime: Option<i64>,
    /// The nanoseconds of that time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mtime_nsecs: Option<u32>,
}

command! {
    /// Add files and directories.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-add>
    pub struct Add: "add" {
        examples: [
            "{program} add notes.txt",
            "{program} add -r photos",
            "{program} add -r --cid-version=1 --pin-name=photos photos",
            "tar c photos | {program} add --stdin-name=photos.tar",
        ],
        arguments {}
        options {
            /// Add directories recursively.
            recursive: bool = "recursive" | "r", false;
            /// Follow symbolic links given as arguments.
            dereference_args: bool = "dereference-args", false;
            /// File name for content read from standard input.
            stdin_name: Option<String> = "stdin-name", None;
            /// Include hidden files.
            hidden: bool = "hidden" | "H", false;
            /// Ignore files that match this `.gitignore` pattern; may be repeated.
            ignore: Vec<String> = "ignore", Vec::new();
            /// Ignore files that match the patterns in this file.
            ignore_rules_path: Option<String> = "ignore-rules-path", None, values ["<path>"];
            /// Include empty directories.
            empty_dirs: bool = "empty-dirs" | "E", true;
            /// Follow all symbolic links.
            dereference_symlinks: bool = "dereference-symlinks", false;
            /// Print only CIDs.
            quiet: bool = "quiet" | "q", false;
            /// Print only the last CID, which is the root.
            quieter: bool = "quieter" | "Q", false;
            /// Print nothing.
            silent: bool = "silent", false;
            /// Show progress [default: true on a terminal].
            progress: Option<bool> = "progress" | "p", None;
            /// Compute CIDs without storing anything.
            only_hash: bool = "only-hash" | "n", false;
            /// Wrap everything in one directory.
            wrap_with_directory: bool = "wrap-with-directory" | "w", false;
            /// Pin the added content.
            pin: bool = "pin", true;
            /// Name of the pin.
            pin_name: Option<String> = "pin-name", None;
            /// Also place the content in MFS at this path.
            to_files: Option<String> = "to-files", None;
            /// CID version, 0 or 1 [default: `Import.CidVersion`, or 0].
            cid_version: Option<i32> = "cid-version", None, values ["0", "1"];
            /// Hash function [default: `Import.HashFunction`, or sha2-256].
            hash: Option<String> = "hash", None, values ["sha2-256", "blake3", "blake2b-256", "sha2-512", "sha3-256"];
            /// Store leaves as raw blocks [default: `Import.UnixFSRawLeaves`, or true for CID version 1].
            raw_leaves: Option<bool> = "raw-leaves", None;
            /// Chunker: `size-BYTES`, `rabin-MIN-AVG-MAX` or `buzhash` [default: `Import.UnixFSChunker`, or size-262144].
            chunker: Option<String> = "chunker" | "s", None, values ["size-262144", "size-1048576", "buzhash", "rabin"];
            /// Use the trickle DAG layout instead of the balanced one.
            trickle: bool = "trickle" | "t", false;
            /// Maximum number of links of a file node [default: `Import.UnixFSFileMaxLinks`, or 174].
            max_file_links: Option<i32> = "max-file-links", None;
            /// Maximum number of links of a basic directory [default: `Import.UnixFSDirectoryMaxLinks`, or no limit].
            max_directory_links: Option<i32> = "max-directory-links", None;
            /// Maximum number of links of a HAMT directory node [default: `Import.UnixFSHAMTDirectoryMaxFanout`, or 256].
            max_hamt_fanout: Option<i32> = "max-hamt-fanout", None;
            /// Inline small blocks into their CIDs.
            inline: bool = "inline", false;
            /// Maximum size in bytes of an inlined block.
            inline_limit: i32 = "inline-limit", 32;
            /// Reference the file in place instead of copying it (filestore).
            nocopy: bool = "nocopy", false;
            /// Check the filestore for existing blocks.
            fscache: bool = "fscache", false;
            /// Store file permissions.
            preserve_mode: bool = "preserve-mode", false;
            /// Store file modification times.
            preserve_mtime: bool = "preserve-mtime", false;
            /// File mode to store, in octal.
            mode: Option<u32> = "mode", None;
            /// Modification time to store, in seconds since the Unix epoch.
            mtime: Option<i64> = "mtime", None;
            /// Nanoseconds of the modification time.
            mtime_nsecs: Option<u32> = "mtime-nsecs", None;
            /// Announce the root before all other content [default: true].
            fast_provide_root: Option<bool> = "fast-provide-root", None;
            /// With `--fast-provide-wait`, announce the whole DAG and not only the root.
            fast_provide_dag: Option<bool> = "fast-provide-dag", None;
            /// Wait until peers have taken the announcement.
            fast_provide_wait: Option<bool> = "fast-provide-wait", None;
        }
        body: Files { name: "path", many: true, recursive: true },
        reply: Many<Added>,
        never_empty: true,
        safe: false,
        needs: Repository,
        cli: Custom,
        text: |request, added, out| {
            if added.hash.is_empty() {
                return;
            }
            if request.quiet || request.quieter {
                out.push_str(&added.hash);
            } else {
                out.push_str("added ");
                out.push_str(&added.hash);
                // The wrapping directory has no name; the space is printed anyway, as in Kubo's output.
                out.push(' ');
                escaped(&added.name, out);
            }
            out.push('\n');
        },
    }
}
