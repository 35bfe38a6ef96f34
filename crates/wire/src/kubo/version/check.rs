//! `version/check`.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

/// How the version compares with that of connected peers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct VersionComparison {
    /// Whether enough peers run a newer version.
    pub update_available: bool,
    /// The version of this node.
    pub running_version: String,
    /// The newest version that a peer runs.
    pub greatest_version: String,
    /// Peers that run the same program.
    pub peers_sampled: u64,
    /// Those of them that run a newer version.
    pub with_greater_version: u64,
}

command! {
    /// Compare the version with that of connected peers.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-version-check>
    pub struct VersionCheck: "version/check" {
        arguments {}
        options {
            /// Percentage of peers with a newer version from which an update is advised.
            min_percent: i32 = "min-percent" | "t", 5;
        }
        body: NoBody,
        reply: One<VersionComparison>,
        safe: true,
        needs: Repository,
        text: |_, found, out| {
            let newer = found.with_greater_version;
            let _ = if found.update_available {
                writeln!(out, "{newer} of {} peers run a newer version: {}", found.peers_sampled, found.greatest_version)
            } else {
                writeln!(out, "No update: {newer} of {} peers run a newer version", found.peers_sampled)
            };
        },
    }
}
