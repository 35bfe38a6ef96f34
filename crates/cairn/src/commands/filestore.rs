//! `filestore ls` and `filestore verify`: what is wrong goes to standard error.

use cairn_wire::kubo::filestore::{FileBlock, OTHER_ERROR};

use super::generic::{self, Printer, Request, print_error, result_of};
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
    result_of(failed)
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
