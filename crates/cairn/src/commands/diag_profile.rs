//! `diag profile`: the archive into a file.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use cairn_wire::kubo::diag::profile::DiagProfile;

use super::generic::Request;
use crate::error::Problem;
use crate::globals::Globals;
use crate::output::Output;
use crate::session::Session;

/// Runs it.
pub(crate) async fn run(
    session: &Session,
    request: &Request,
    _: &Globals,
    output: &mut Output,
) -> Result<(), Problem> {
    let mut command = request.typed::<DiagProfile>()?;
    let target = command
        .output
        .take()
        .map_or_else(default_name, PathBuf::from);
    let failed = |error: &std::io::Error| {
        Problem::failed(format!("cannot write {}", target.display())).because(error)
    };
    let values = request.with(&command).values;
    let mut answer = session.kubo.send(request.spec, values, None).await?;
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&target)
        .map_err(|error| failed(&error))?;
    while let Some(bytes) = answer.chunk().await? {
        file.write_all(&bytes).map_err(|error| failed(&error))?;
    }
    output.text(&format!("Wrote profiles to: {}\n", target.display()))
}

/// A name with the time.
fn default_name() -> PathBuf {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let seconds = since.map_or(0, |since| since.as_secs());
    PathBuf::from(format!("cairn-profile-{seconds}.zip"))
}
