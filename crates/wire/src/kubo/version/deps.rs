//! `version/deps`.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

/// A dependency of the program.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Dependency {
    /// Its name.
    pub path: String,
    /// Its version.
    pub version: String,
    /// Its replacement; empty if there is none.
    pub replaced_by: String,
    /// The hash of its source, as `sha256:HEX`; empty for workspace crates.
    pub sum: String,
}

command! {
    /// List the dependencies that this build uses.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-version-deps>
    pub struct VersionDeps: "version/deps" {
        arguments {}
        options {}
        body: NoBody,
        reply: Many<Dependency>,
        safe: true,
        needs: Nothing,
        xml: "Dependency",
        text: |_, part, out| {
            let _ = write!(out, "{}@{}", part.path, part.version);
            if !part.replaced_by.is_empty() {
                let _ = write!(out, " => {}", part.replaced_by);
            }
            out.push('\n');
        },
    }
}
