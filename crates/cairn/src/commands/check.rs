//! `check`: prints the steps as they end, and fails unless others can fetch the content.

use cairn_wire::kubo::check::CheckStep;

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
    let mut result = None;
    generic::for_each_record(session, request, output, |line, step: CheckStep, output| {
        printer.print(&line, output)?;
        if step.step == CheckStep::RESULT {
            result = Some(step);
        }
        output.flush()
    })
    .await?;
    match result {
        Some(step) if step.status == CheckStep::OK => Ok(()),
        Some(step) => Err(Problem::failed(step.text)),
        None => Err(Problem::failed("the check has not ended")),
    }
}
