//! `files/mkdir`.

use cairn_primitives::ByteString;

command! {
    /// Create a directory in MFS.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-files-mkdir>
    pub struct FilesMkdir: "files/mkdir" {
        examples: [
            "{program} files mkdir /photos",
            "{program} files mkdir -p /photos/2024/may",
        ],
        arguments {
            /// Path of the directory.
            path: ByteString = required "path",
        }
        options {
            /// Flush the change to disk.
            flush: bool = "flush" | "f", true;
            /// Create parent directories as needed, and accept a directory that exists.
            parents: bool = "parents" | "p", false;
            /// CID version, 0 or 1 [default: `Import.CidVersion`, or 0].
            cid_version: Option<i32> = "cid-version" | "cid-ver", None, values ["0", "1"];
            /// Hash function; implies CID version 1 [default: `Import.HashFunction`, or sha2-256].
            hash: Option<String> = "hash", None, values ["sha2-256", "blake3", "blake2b-256", "sha2-512", "sha3-256"];
        }
        body: NoBody,
        reply: Nothing,
        safe: false,
        needs: Repository,
        text: |_, (), _| (),
    }
}
