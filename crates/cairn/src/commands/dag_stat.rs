//! `dag stat`: progress, then the result.

use cairn_client::Records;
use cairn_wire::kubo::dag::stat::DagCounts;

use super::generic::{Printer, Request, next_line, parse_record};
use crate::error::Problem;
use crate::globals::Globals;
use crate::output::Output;
use crate::progress::{self, Progress};
use crate::session::Session;

/// Runs it.
pub(crate) async fn run(
    session: &Session,
    request: &Request,
    globals: &Globals,
    output: &mut Output,
) -> Result<(), Problem> {
    let shown = progress::is_enabled(super::given_flag(request, &["progress", "p"]));
    let progress = Progress::count(shown, "blocks");
    let mut printer = Printer::new(request, globals)?;
    let answer = session
        .kubo
        .send(request.spec, request.values.clone(), None)
        .await?;
    let mut records = Records::<DagCounts>::new(answer);
    let mut last = None;
    while let Some(line) = next_line(&mut records, output).await? {
        if shown {
            let counts: DagCounts = parse_record(&line)?;
            progress.set(counts.dag_stats.iter().map(|root| root.num_blocks).sum());
            progress.message(format!("({} bytes)", counts.total_size));
        }
        // Only the last record is complete.
        last = Some(line);
    }
    drop(progress);
    match last {
        Some(line) => printer.print(&line, output),
        None => Ok(()),
    }
}
