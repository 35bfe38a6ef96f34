//! `dag export`: a CAR to standard output.

use std::io::IsTerminal as _;

use super::generic::Request;
use crate::error::Problem;
use crate::globals::Globals;
use crate::output::Output;
use crate::progress::{self, Progress};
use crate::session::Session;

/// Runs it.
pub(crate) async fn run(
    session: &Session,
    request: &Request,
    _: &Globals,
    output: &mut Output,
) -> Result<(), Problem> {
    if std::io::stdout().is_terminal() {
        return Err(Problem::usage("a CAR cannot be printed on a terminal")
            .hint("write it to a file: `{program} dag export CID > FILE.car`"));
    }
    let asked = super::given_flag(request, &["progress", "p"]);
    let mut answer = session
        .kubo
        .send(request.spec, request.values.clone(), None)
        .await?;
    let progress = Progress::bytes(progress::is_enabled(asked), None);
    while let Some(bytes) = answer.chunk().await? {
        output.bytes(&bytes)?;
        progress.add(bytes.len() as u64);
    }
    Ok(())
}
