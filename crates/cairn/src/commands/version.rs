//! `version`: the version of the Kubo RPC that is spoken. Needs neither daemon nor repository.

use cairn_http::kubo::{KUBO_VERSION, version_info};
use cairn_wire::Endpoint as _;
use cairn_wire::kubo::version::Version;

use super::generic::Request;
use crate::error::Problem;
use crate::globals::Globals;
use crate::grammar::Invocation;
use crate::output::{Format, Output};

/// Runs it.
pub(crate) fn run(invocation: &Invocation, globals: &Globals) -> Result<(), Problem> {
    let request = Request::read(invocation, &Version::SPEC)?.typed::<Version>()?;
    let info = version_info(KUBO_VERSION);
    let mut text = String::new();
    match globals.format {
        Format::Text => request.text(&info, &mut text),
        Format::Json | Format::JsonLines => {
            text =
                serde_json::to_string(&info).map_err(|error| Problem::from_error(&error))? + "\n";
        }
    }
    let mut output = Output::stdout()?;
    output.text(&text)?;
    output.flush()
}
