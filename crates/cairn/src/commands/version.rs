//! `version`: the version of the Kubo RPC. Needs neither a daemon nor a repository.

use cairn_http::kubo::{KUBO_VERSION, version_info};
use cairn_wire::kubo::Command as _;
use cairn_wire::kubo::command::Custom;
use cairn_wire::kubo::version::Version;

use super::Runner;
use super::generic::Request;
use crate::error::Problem;
use crate::globals::Globals;
use crate::output::{Format, Output};
use crate::session::Session;

impl Runner<Version> for Custom {
    async fn open(globals: &Globals) -> Result<Session, Problem> {
        Session::standalone(globals)
    }

    async fn run(
        _: &Session,
        request: &Request,
        globals: &Globals,
        output: &mut Output,
    ) -> Result<(), Problem> {
        let info = version_info(KUBO_VERSION);
        let mut text = String::new();
        match globals.format {
            Format::Text => request.typed::<Version>()?.text(&info, &mut text),
            Format::Json | Format::JsonLines => {
                text = serde_json::to_string(&info).map_err(|error| Problem::from_error(&error))?
                    + "\n";
            }
        }
        output.text(&text)
    }
}
