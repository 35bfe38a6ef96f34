//! `version/deps`.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

/// A part that the program was built from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Dependency {
    /// Its name.
    pub path: String,
    /// Its version.
    pub version: String,
    /// What stands in its place; empty when nothing does.
    pub replaced_by: String,
    /// The hash of its source, as `sha256:HEX`; empty when it is our own.
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
