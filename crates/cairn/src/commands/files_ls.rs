//! `files ls`: as text, the server writes the lines, so that a large directory is held by neither side.

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
