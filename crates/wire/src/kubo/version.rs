//! `version`.

pub mod check;
pub mod deps;

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

/// The version of a server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct VersionInfo {
    /// Version of Kubo whose RPC is implemented.
    pub version: String,
    /// Commit of the build; empty for a release.
    pub commit: String,
    /// Version of the repository.
    pub repo: String,
    /// `architecture/system`.
    pub system: String,
    /// The compiler. Kubo's clients read it under this name.
    pub golang: String,
}

command! {
    /// Show version information.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-version>
    pub struct Version: "version" {
        arguments {}
        options {
            /// Print only the number.
            number: bool = "number" | "n", false;
            /// Include the commit.
            commit: bool = "commit", false;
            /// Print the version of the repository format.
            repo: bool = "repo", false;
            /// Print all version information.
            all: bool = "all", false;
        }
        body: NoBody,
        reply: One<VersionInfo>,
        safe: true,
        needs: Repository,
        cli: Custom,
        xml: "VersionInfo",
        text: |request, info, out| {
            let commit = if info.commit.is_empty() { String::new() } else { format!("-{}", info.commit) };
            let _ = if request.all {
                writeln!(out, "Kubo version: {}{commit}\nRepo version: {}\nSystem version: {}\nGolang version: {}", info.version, info.repo, info.system, info.golang)
            } else if request.repo {
                writeln!(out, "{}", info.repo)
            } else if request.number {
                writeln!(out, "{}{}", info.version, if request.commit { &commit } else { "" })
            } else {
                writeln!(out, "ipfs version {}{}", info.version, if request.commit { &commit } else { "" })
            };
        },
    }
}
