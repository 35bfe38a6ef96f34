//! `repo/stat`.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use crate::text::human_bytes;

/// The size of the repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RepoSizes {
    /// Number of blocks; 0 if only sizes were requested.
    pub num_objects: u64,
    /// Bytes on disk.
    pub repo_size: u64,
    /// Size in bytes at which garbage collection starts.
    pub storage_max: u64,
    /// Its path; empty if only sizes were requested.
    pub repo_path: String,
    /// `fs-repo@N`; empty if only sizes were requested.
    pub version: String,
}

command! {
    /// Show the size of the repository.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-repo-stat>
    pub struct RepoStat: "repo/stat" {
        arguments {}
        options {
            /// Show only sizes, which is faster.
            size_only: bool = "size-only" | "s", false;
            /// Print human-readable sizes.
            human: bool = "human" | "H", false;
        }
        body: NoBody,
        reply: One<RepoSizes>,
        safe: true,
        needs: Repository,
        aliases: ["stats/repo"],
        text: |request, sizes, out| {
            let size = |bytes: u64| if request.human { human_bytes(bytes) } else { bytes.to_string() };
            if !request.size_only {
                let _ = writeln!(out, "NumObjects: {}", sizes.num_objects);
            }
            let _ = writeln!(out, "RepoSize:   {}\nStorageMax: {}", size(sizes.repo_size), size(sizes.storage_max));
            if !request.size_only {
                let _ = writeln!(out, "RepoPath:   {}\nVersion:    {}", sizes.repo_path, sizes.version);
            }
        },
    }
}
