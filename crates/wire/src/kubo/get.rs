//! `get`.

use cairn_primitives::ByteString;

command! {
    /// Download files and directories.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-get>
    pub struct Get: "get" {
        examples: [
            "{program} get CID",
            "{program} get -o photos CID",
            "{program} get -a -C -o photos.tar.gz CID",
        ],
        arguments {
            /// Path to download.
            path: ByteString = required "ipfs-path",
        }
        options {
            /// Path to write to [default: the last name of the path].
            output: Option<String> = "output" | "o", None, values ["<path>"];
            /// Write a tar archive.
            archive: bool = "archive" | "a", false;
            /// Compress with gzip.
            compress: bool = "compress" | "C", false;
            /// Compression level, 1 to 9.
            compression_level: Option<i32> = "compression-level" | "l", None;
            /// Show progress on a terminal.
            progress: bool = "progress" | "p", true;
        }
        body: NoBody,
        reply: Bytes,
        safe: true,
        needs: Repository,
        cli: Custom,
        text: |_, (), _| (),
    }
}
