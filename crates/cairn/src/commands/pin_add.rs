//! `pin add`, with `--progress`.

use cairn_wire::kubo::pin::add::{PinAdd, Pinned};

use super::generic::{self, Printer, Request};
use crate::error::Problem;
use crate::globals::Globals;
use crate::output::Output;
use crate::progress::Progress;
use crate::session::Session;

/// Runs it.
pub(crate) async fn run(
    session: &Session,
    request: &Request,
    globals: &Globals,
    output: &mut Output,
) -> Result<(), Problem> {
    let asked = request.typed::<PinAdd>()?;
    let progress = Progress::count(asked.progress, "nodes");
    let mut printer = Printer::new(request, globals)?;
    generic::for_each_record(session, request, output, |line, record: Pinned, output| {
        match record.progress {
            Some(nodes) if record.pins.is_none() => {
                progress.set(nodes);
                progress.message(
                    record
                        .bytes
                        .map(|bytes| format!("({bytes} bytes)"))
                        .unwrap_or_default(),
                );
            }
            _ => {
                progress.suspend(|| printer.print(&line, output).and_then(|()| output.flush()))?;
            }
        }
        Ok(())
    })
    .await
}
