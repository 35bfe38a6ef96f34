//! `filestore ls` and `filestore verify`: errors go to standard error.

use cairn_wire::kubo::filestore::{FileBlock, OTHER_ERROR};

use super::generic::{self, Printer, Request, print_error, result_of};
use crate::error::Problem;
use crate::globals::Globals;
use crate::output::{Format, Output};
use crate::session::Session;

/// Runs `filestore ls`: if a block cannot be read, it fails after printing all others.
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
    result_of(failed)
}

/// Runs `filestore verify`: bad blocks are its output, not a failure.
pub(crate) async fn verify(
    session: &Session,
    request: &Request,
    globals: &Globals,
    output: &mut Output,
) -> Result<(), Problem> {
    let each = |block: &FileBlock| (block.status == OTHER_ERROR, true);
    list(session, request, globals, output, each).await
}

/// Prints records; `each` says whether a record's error and its line are printed.
async fn list(
    session: &Session,
    request: &Request,
    globals: &Globals,
    output: &mut Output,
    mut each: impl FnMut(&FileBlock) -> (bool, bool),
) -> Result<(), Problem> {
    let mut printer = Printer::new(request, globals)?;
    generic::for_each_record(
        session,
        request,
        output,
        |line, record: FileBlock, output| {
            let (told, printed) = each(&record);
            if told && globals.format == Format::Text {
                print_error(&record.error_msg, output)?;
            }
            if printed || globals.format.is_json() {
                printer.print(&line, output)?;
            }
            Ok(())
        },
    )
    .await
}
