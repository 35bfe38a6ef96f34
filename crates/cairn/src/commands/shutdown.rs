//! `shutdown`: stops the daemon.

use cairn_wire::kubo::shutdown::Shutdown;

use std::io::Write as _;

use crate::error::Problem;
use crate::globals::Globals;
use crate::session::Session;

/// Runs it.
pub(crate) async fn run(globals: &Globals, program: &str) -> Result<(), Problem> {
    let Some(session) = Session::daemon(globals)? else {
        return Err(Problem::failed("daemon not running"));
    };
    session.kubo.call(&Shutdown::new()).await?.collect().await?;
    session.close().await?;
    // Kubo prints nothing.
    if program != "ipfs" && !globals.format.is_json() {
        let _ = writeln!(std::io::stdout(), "the daemon is shutting down");
    }
    Ok(())
}
