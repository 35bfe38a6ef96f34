//! `files/chcid`.

use cairn_primitives::ByteString;

command! {
    /// Change the CID version or hash function of a directory.
    ///
    /// The CID of the root directory follows `Import.CidVersion` and `Import.HashFunction`.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-files-chcid>
    pub struct FilesChcid: "files/chcid" {
        arguments {
            /// Path of the directory.
            path: ByteString = required "path",
        }
        options {
            /// Flush the change to disk.
            flush: bool = "flush" | "f", true;
            /// CID version, 0 or 1.
            cid_version: Option<i32> = "cid-version" | "cid-ver", None, values ["0", "1"];
            /// Hash function; implies CID version 1.
            hash: Option<String> = "hash", None, values ["sha2-256", "blake3", "blake2b-256", "sha2-512", "sha3-256"];
        }
        body: NoBody,
        reply: Nothing,
        safe: false,
        needs: Repository,
        text: |_, (), _| (),
    }
}
