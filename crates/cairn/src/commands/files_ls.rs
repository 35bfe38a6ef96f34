//! `files ls`: the server formats the lines, so that neither side holds a large directory in memory.

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
    if globals.format.is_json() {
        return generic::run(session, request, globals, output).await;
    }
    let values = request.values.clone().with("encoding", "text");
    let answer = session.kubo.send(request.spec, values, None).await?;
    generic::bytes(answer, output).await
}
