//! `filestore ls` and `filestore verify`: what is wrong goes to standard error.

use cairn_client::Records;
use cairn_wire::kubo::filestore::{FileBlock, OTHER_ERROR};
use cairn_wire::text::escaped;

use super::generic::{Printer, Request, next_line};
use crate::error::Problem;
use crate::globals::Globals;
use crate::output::{Format, Output};
use crate::session::Session;

/// Runs `filestore ls`: a block that cannot be read makes it fail, after all others.
pub(crate) async fn ls(
    session: &Session,
    request: &Request,
    globals: &Globals,
    output: &mut Output,
) -> Result<(), Problem> {
    let mut failed = false;
    let each = |block: &FileBlock| {
        let wrong = !block.error_msg.is_empty();
        failed |= wrong;
        (wrong, !wrong)
    };
    list(session, request, globals, output, each).await?;
    if failed {
        Err(Problem::failed("errors while displaying some entries"))
    } else {
        Ok(())
    }
}

/// Runs `filestore verify`: what is wrong is its answer, and no failure.
pub(crate) async fn verify(
    session: &Session,
    request: &Request,
    globals: &Globals,
    output: &mut Output,
) -> Result<(), Problem> {
    let each = |block: &FileBlock| (block.status == OTHER_ERROR, true);
    list(session, request, globals, output, each).await
}

/// Prints records; `each` says whether a record's error is told, and whether its line is printed.
async fn list(
    session: &Session,
    request: &Request,
    globals: &Globals,
    output: &mut Output,
    mut each: impl FnMut(&FileBlock) -> (bool, bool),
) -> Result<(), Problem> {
    let mut printer = Printer::new(request, globals.format)?;
    for values in request.batches() {
        let answer = session.kubo.send(request.spec, values, None).await?;
        let mut records = Records::<FileBlock>::new(answer);
        while let Some(line) = next_line(&mut records, output).await? {
            let record: FileBlock = serde_json::from_slice(&line).map_err(|error| {
                Problem::failed("the server's answer is not understood").because(&error)
            })?;
            let (told, printed) = each(&record);
            if told && globals.format == Format::Text {
                output.flush()?;
                let mut shown = String::new();
                escaped(&record.error_msg, &mut shown);
                eprintln!("{shown}");
            }
            if printed || globals.format == Format::Json {
                printer.print(&line, output)?;
            }
        }
    }
    Ok(())
}
