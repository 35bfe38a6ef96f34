//! `version`: which Kubo's RPC is spoken. Needs neither daemon nor repository.

use cairn_http::kubo::{KUBO_VERSION, REPO_VERSION};
use cairn_wire::Endpoint as _;
use cairn_wire::kubo::version::{Version, VersionInfo};

use super::generic::Request;
use crate::error::Problem;
use crate::globals::Globals;
use crate::grammar::Invocation;
use crate::output::{Format, Output};

/// How Go calls this machine's architecture: scripts look for it.
const ARCHITECTURE: &str = if cfg!(target_arch = "x86_64") {
    "amd64"
} else if cfg!(target_arch = "aarch64") {
    "arm64"
} else {
    std::env::consts::ARCH
};
/// How Go calls this system.
const SYSTEM: &str = if cfg!(target_os = "macos") {
    "darwin"
} else {
    std::env::consts::OS
};

/// Runs it.
pub(crate) fn run(invocation: &Invocation, globals: &Globals) -> Result<(), Problem> {
    let request = Request::read(invocation, &Version::SPEC)?.typed::<Version>()?;
    let info = VersionInfo {
        version: KUBO_VERSION.to_owned(),
        commit: String::new(),
        repo: REPO_VERSION.to_owned(),
        system: format!("{ARCHITECTURE}/{SYSTEM}"),
        golang: concat!("cairn-", env!("CARGO_PKG_VERSION")).to_owned(),
    };
    let mut text = String::new();
    match globals.format {
        Format::Text => request.text(&info, &mut text),
        Format::Json => {
            text =
                serde_json::to_string(&info).map_err(|error| Problem::from_error(&error))? + "\n";
        }
    }
    let mut output = Output::stdout()?;
    output.text(&text)?;
    output.flush()
}
