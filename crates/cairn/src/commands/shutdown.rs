//! `shutdown`: stops the daemon.

use cairn_wire::kubo::command::Custom;
use cairn_wire::kubo::shutdown::Shutdown;

use super::Runner;
use super::generic::Request;
use crate::error::Problem;
use crate::globals::Globals;
use crate::output::Output;
use crate::session::Session;

impl Runner<Shutdown> for Custom {
    async fn open(globals: &Globals) -> Result<Session, Problem> {
        Session::daemon(globals)?.ok_or_else(|| Problem::failed("daemon not running"))
    }

    async fn run(
        session: &Session,
        request: &Request,
        globals: &Globals,
        output: &mut Output,
    ) -> Result<(), Problem> {
        session.kubo.call(&Shutdown::new()).await?;
        if request.is_ipfs() || globals.format.is_json() {
            return Ok(());
        }
        output.text("the daemon is shutting down\n")
    }
}
