//! `repo verify`: progress and result.

use cairn_client::Records;
use cairn_wire::kubo::repo::verify::Verified;

use super::generic::{Printer, Request, next_record};
use crate::error::Problem;
use crate::globals::Globals;
use crate::output::{Format, Output};
use crate::progress::{self, Progress};
use crate::session::Session;

/// Runs it.
pub(crate) async fn run(
    session: &Session,
    request: &Request,
    globals: &Globals,
    output: &mut Output,
) -> Result<(), Problem> {
    let answer = session
        .kubo
        .send(request.spec, request.values.clone(), None)
        .await?;
    let progress = Progress::count(progress::is_enabled(None), "blocks checked");
    let mut printer = Printer::new(request, globals)?;
    let mut records = Records::<Verified>::new(answer);
    while let Some((line, record)) = next_record(&mut records, output).await? {
        if record.msg.is_empty() && globals.format == Format::Text {
            progress.set(record.progress);
        } else {
            progress.suspend(|| printer.print(&line, output).and_then(|()| output.flush()))?;
        }
    }
    Ok(())
}
