//! `diag healthy`: asks the daemon. A node that is opened for the question would always be healthy.

use cairn_wire::kubo::command::Custom;
use cairn_wire::kubo::diag::healthy::DiagHealthy;

use super::Runner;
use crate::error::Problem;
use crate::globals::Globals;
use crate::session::Session;

impl Runner<DiagHealthy> for Custom {
    async fn open(globals: &Globals) -> Result<Session, Problem> {
        Session::daemon(globals)?.ok_or_else(|| {
            Problem::failed("the daemon is not running").hint("start it with `{program} daemon`")
        })
    }
}
