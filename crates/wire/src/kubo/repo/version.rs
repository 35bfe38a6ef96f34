//! `repo/version`.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

/// The repository's version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RepoNumber {
    /// The number, as text.
    pub version: String,
}

command! {
    /// Show the version of the repository format.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-repo-version>
    pub struct RepoVersion: "repo/version" {
        arguments {}
        options {
            /// Print only the number.
            quiet: bool = "quiet" | "q", false;
        }
        body: NoBody,
        reply: One<RepoNumber>,
        safe: true,
        needs: Repository,
        text: |request, number, out| {
            let _ = writeln!(out, "{}fs-repo@{}", if request.quiet { "" } else { "ipfs repo version " }, number.version);
        },
    }
}
