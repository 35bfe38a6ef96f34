//! `files/rm`.

use cairn_primitives::ByteString;

use crate::text::escaped;

command! {
    /// Remove files and directories from MFS.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-files-rm>
    pub struct FilesRm: "files/rm" {
        examples: [
            "{program} files rm /notes.txt",
            "{program} files rm -r /photos",
        ],
        arguments {
            /// Paths to remove.
            paths: Vec<ByteString> = required "path",
        }
        options {
            /// No effect: this command always flushes.
            flush: bool = "flush" | "f", true;
            /// Remove directories recursively.
            recursive: bool = "recursive" | "r", false;
            /// Remove anything, and ignore paths that do not exist.
            force: bool = "force", false;
        }
        body: NoBody,
        reply: Many<String>,
        safe: false,
        needs: Repository,
        cli: Custom,
        text: |_, message, out| {
            escaped(message, out);
            out.push('\n');
        },
    }
}
