//! `dag/import`.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use crate::kubo::CidLink;

/// One record of the reply: a root, or the counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Imported {
    /// A root of a CAR.
    Root(ImportedRoot),
    /// What was imported.
    Stats(ImportStats),
}

/// A root of a CAR and whether it is pinned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ImportedRoot {
    /// The root.
    pub cid: CidLink,
    /// Why it is not pinned; empty when it is.
    pub pin_error_msg: String,
}

/// How much was stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ImportStats {
    /// Blocks.
    pub block_count: u64,
    /// Their bytes.
    pub block_bytes_count: u64,
}

command! {
    /// Import CAR files and pin their roots.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-dag-import>
    pub struct DagImport: "dag/import" {
        examples: [
            "{program} dag import photos.car",
            "curl https://example.org/photos.car | {program} dag import",
        ],
        arguments {}
        options {
            /// Pin the roots.
            pin_roots: bool = "pin-roots", true;
            /// Import partial DAGs without fetching missing blocks from peers.
            local_only: bool = "local-only", false;
            /// Print nothing.
            silent: bool = "silent", false;
            /// Print the number of blocks and bytes imported.
            stats: bool = "stats", false;
            /// Announce the roots before all other content [default: true].
            fast_provide_root: Option<bool> = "fast-provide-root", None;
            /// With `--fast-provide-wait`, announce the whole DAGs and not only the roots.
            fast_provide_dag: Option<bool> = "fast-provide-dag", None;
            /// Wait until peers have taken the announcement.
            fast_provide_wait: Option<bool> = "fast-provide-wait", None;
            /// Allow blocks larger than 2 MiB, which peers do not exchange.
            allow_big_block: bool = "allow-big-block", false;
        }
        body: Files { name: "path", many: true, recursive: false },
        reply: Many<Imported>,
        safe: false,
        needs: Repository,
        text: |request, imported, out| match imported {
            _ if request.silent => {}
            Imported::Root(root) if root.pin_error_msg.is_empty() => {
                let _ = writeln!(out, "Pinned root\t{}\tsuccess", root.cid.cid);
            }
            Imported::Root(root) => {
                let _ = writeln!(out, "Pinned root\t{}\tFAILED: {}", root.cid.cid, root.pin_error_msg);
            }
            Imported::Stats(stats) => {
                let _ = writeln!(out, "Imported {} blocks ({} bytes)", stats.block_count, stats.block_bytes_count);
            }
        },
    }
}
