//! `files rm` with `--json`: the messages about paths are causes of the error, not records.

use super::generic::{self, Request};
use crate::error::Problem;
use crate::globals::Globals;
use crate::output::{Format, Output};
use crate::session::Session;

/// Prints one error.
pub(super) async fn run(
    session: &Session,
    request: &Request,
    globals: &Globals,
    output: &mut Output,
) -> Result<(), Problem> {
    if globals.format != Format::JsonLines {
        return generic::run(session, request, globals, output).await;
    }
    let mut messages = Vec::new();
    let outcome = generic::for_each_record(session, request, output, |_, message: String, _| {
        messages.push(message);
        Ok(())
    })
    .await;
    let problem = match outcome {
        Ok(()) if messages.is_empty() => return Ok(()),
        Ok(()) => Problem::failed("can't remove some files"),
        Err(problem) => problem,
    };
    Err(messages.into_iter().fold(problem, Problem::because_text))
}
