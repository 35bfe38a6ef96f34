//! `dag/export`.

use cairn_primitives::ByteString;

command! {
    /// Export a DAG as a CAR file.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-dag-export>
    pub struct DagExport: "dag/export" {
        examples: [
            "{program} dag export CID > photos.car",
        ],
        arguments {
            /// Root CID or path.
            root: ByteString = required "root",
        }
        options {
            /// Show progress [default: true on a terminal].
            progress: Option<bool> = "progress" | "p", None;
            /// Skip blocks that are not stored locally.
            local_only: bool = "local-only", false;
        }
        body: NoBody,
        reply: Bytes,
        safe: true,
        needs: Repository,
        cli: Custom,
        text: |_, (), _| (),
    }
}
