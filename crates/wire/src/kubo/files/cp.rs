//! `files/cp`.

use cairn_primitives::ByteString;

command! {
    /// Copy files and directories into MFS, or within it.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-files-cp>
    pub struct FilesCp: "files/cp" {
        examples: [
            "{program} files cp /ipfs/CID /photos",
            "{program} files cp -p /photos /old/photos",
        ],
        arguments {
            /// Path to copy, in MFS or below /ipfs.
            source: ByteString = required "source",
            /// Destination in MFS.
            dest: ByteString = required "dest",
        }
        options {
            /// Flush the change to disk.
            flush: bool = "flush" | "f", true;
            /// Replace an existing file.
            force: bool = "force", false;
            /// Create parent directories as needed.
            parents: bool = "parents" | "p", false;
        }
        body: NoBody,
        reply: Nothing,
        safe: false,
        needs: Repository,
        text: |_, (), _| (),
    }
}
