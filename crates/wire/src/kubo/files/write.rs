//! `files/write`.

use cairn_primitives::ByteString;

command! {
    /// Write to a file in MFS.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-files-write>
    pub struct FilesWrite: "files/write" {
        examples: [
            "{program} files write --create /notes.txt notes.txt",
            "date | {program} files write --create --parents --truncate /logs/last",
        ],
        arguments {
            /// Path of the file.
            path: ByteString = required "path",
        }
        options {
            /// Flush the change to disk.
            flush: bool = "flush" | "f", true;
            /// Byte offset to start at.
            offset: i64 = "offset" | "o", 0;
            /// Create the file if it does not exist.
            create: bool = "create" | "e", false;
            /// Create parent directories as needed.
            parents: bool = "parents" | "p", false;
            /// Empty the file before writing.
            truncate: bool = "truncate" | "t", false;
            /// Maximum number of bytes to write.
            count: Option<i64> = "count" | "n", None;
            /// Store new leaves as raw blocks [default: `Import.UnixFSRawLeaves`, or true for CID version 1].
            raw_leaves: Option<bool> = "raw-leaves", None;
            /// CID version, 0 or 1 [default: `Import.CidVersion`, or 0].
            cid_version: Option<i32> = "cid-version" | "cid-ver", None, values ["0", "1"];
            /// Hash function; implies CID version 1 [default: `Import.HashFunction`, or sha2-256].
            hash: Option<String> = "hash", None, values ["sha2-256", "blake3", "blake2b-256", "sha2-512", "sha3-256"];
        }
        body: Files { name: "data", many: false, recursive: false },
        reply: Nothing,
        safe: false,
        needs: Repository,
        text: |_, (), _| (),
    }
}
