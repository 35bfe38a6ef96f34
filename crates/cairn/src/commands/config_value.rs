//! `config`: hints at the file for values that the API does not show.

use super::generic::{self, Request};
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
    let outcome = generic::run(session, request, globals, output).await;
    outcome.map_err(|problem| match globals.repository() {
        Ok(repository) if globals.api.is_none() && problem.message().starts_with("cannot show") => {
            problem.hint(format!(
                "the owner of the repository can read it in {}",
                repository.join("config").display()
            ))
        }
        _ => problem,
    })
}
