//! `files/touch`.

use cairn_primitives::ByteString;

command! {
    /// Set the modification time of a file or directory.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-files-touch>
    pub struct FilesTouch: "files/touch" {
        examples: [
            "{program} files touch --mtime=1700000000 /notes.txt",
        ],
        arguments {
            /// Path of the file or directory.
            path: ByteString = required "path",
        }
        options {
            /// No effect: this command always flushes.
            flush: bool = "flush" | "f", true;
            /// Modification time, in seconds since the Unix epoch [default: now].
            mtime: Option<i64> = "mtime", None;
            /// Nanoseconds of the modification time.
            mtime_nsecs: Option<u32> = "mtime-nsecs", None;
        }
        body: NoBody,
        reply: Nothing,
        safe: false,
        needs: Repository,
        text: |_, (), _| (),
    }
}
