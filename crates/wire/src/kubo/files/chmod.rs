//! `files/chmod`.

use cairn_primitives::ByteString;

command! {
    /// Change the permissions of a file or directory.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-files-chmod>
    pub struct FilesChmod: "files/chmod" {
        examples: [
            "{program} files chmod 0644 /notes.txt",
        ],
        arguments {
            /// Permissions, in octal.
            mode: String = required "mode",
            /// Path of the file or directory.
            path: ByteString = required "path",
        }
        options {
            /// No effect: this command always flushes.
            flush: bool = "flush" | "f", true;
        }
        body: NoBody,
        reply: Nothing,
        safe: false,
        needs: Repository,
        text: |_, (), _| (),
    }
}
