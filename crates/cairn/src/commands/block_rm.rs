//! `block rm`: blocks that could not be removed are errors.

use cairn_wire::kubo::block::rm::Removed;

use super::generic::{self, Printer, Request};
use crate::error::Problem;
use crate::globals::Globals;
use crate::output::Output;
use crate::session::Session;

/// Runs it.
pub(crate) async fn run(
    session: &Session,
    request: &Request,
    globals: &Globals,
    output: &mut Output,
) -> Result<(), Problem> {
    let mut printer = Printer::new(request, globals)?;
    let mut failed = false;
    generic::for_each_record(session, request, output, |line, record: Removed, output| {
        if !record.error.is_empty() && record.hash.is_empty() {
            return Err(Problem::failed(format!("aborted: {}", record.error)));
        }
        failed |= !record.error.is_empty();
        if record.error.is_empty() || globals.format.is_json() {
            printer.print(&line, output)?;
        } else {
            output.flush()?;
            eprint!("{}", printer.text(&line)?);
        }
        Ok(())
    })
    .await?;
    if failed {
        Err(Problem::failed("some blocks not removed"))
    } else {
        Ok(())
    }
}
