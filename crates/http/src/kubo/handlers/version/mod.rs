//! `version`.

mod check;
mod deps;

use cairn_wire::kubo::version::{Version, VersionInfo};

use super::super::{Answer, Call, Failure, Handler, REPO_VERSION};

/// Go's name of this machine's architecture.
pub(super) const ARCHITECTURE: &str = if cfg!(target_arch = "x86_64") {
    "amd64"
} else if cfg!(target_arch = "aarch64") {
    "arm64"
} else {
    std::env::consts::ARCH
};
/// Go's name of this system.
pub(super) const SYSTEM: &str = if cfg!(target_os = "macos") {
    "darwin"
} else {
    std::env::consts::OS
};

/// The version information of a server or program that implements this RPC.
#[must_use]
pub fn version_info(kubo: &str) -> VersionInfo {
    VersionInfo {
        version: kubo.to_owned(),
        commit: String::new(),
        repo: REPO_VERSION.to_owned(),
        system: format!("{ARCHITECTURE}/{SYSTEM}"),
        golang: concat!("cairn-", env!("CARGO_PKG_VERSION")).to_owned(),
    }
}

impl Handler for Version {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        Ok(version_info(call.rpc.version()))
    }
}
