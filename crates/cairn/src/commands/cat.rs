//! `cat`: files to standard output.

use cairn_wire::kubo::cat::Cat;

use super::generic::Request;
use crate::error::Problem;
use crate::globals::Globals;
use crate::output::Output;
use crate::progress::{self, Progress};
use crate::session::Session;
use std::io::IsTerminal as _;

/// Runs it.
pub(crate) async fn run(
    session: &Session,
    request: &Request,
    _: &Globals,
    output: &mut Output,
) -> Result<(), Problem> {
    request.typed::<Cat>()?;
    let asked = super::given_flag(request, &["progress", "p"]);
    let mut answer = session
        .kubo
        .send(request.spec, request.values.clone(), None)
        .await?;
    // A bar would overwrite the output.
    let shown = progress::is_enabled(asked) && !std::io::stdout().is_terminal();
    let progress = Progress::bytes(shown, answer.length());
    while let Some(bytes) = answer.chunk().await? {
        output.bytes(&bytes)?;
        output.flush()?;
        progress.add(bytes.len() as u64);
    }
    Ok(())
}
