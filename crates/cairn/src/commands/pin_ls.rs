//! `pin ls` of `cairn`: without a type, the pins and the number of blocks that they keep indirectly.

use cairn_wire::kubo::pin::ls::{PinLs, PinnedItem};

use super::generic::{self, Printer, Request};
use crate::error::Problem;
use crate::globals::Globals;
use crate::output::Output;
use crate::session::Session;

/// Says in the help what is listed without a type.
pub(crate) fn with_own_help(command: clap::Command) -> clap::Command {
    command.mut_arg("--type", |argument| {
        argument.help("Type of pins to list: `direct`, `indirect`, `recursive` or `all` [default: direct and recursive; all with paths or `--json`]")
    })
}

/// Runs it.
pub(crate) async fn run(
    session: &Session,
    request: &Request,
    globals: &Globals,
    output: &mut Output,
) -> Result<(), Problem> {
    let asked = request.typed::<PinLs>()?;
    let typed = request.values.loose(&["type", "t"]).is_some();
    if request.is_ipfs() || typed || !asked.paths.is_empty() || globals.format.is_json() {
        return generic::run(session, request, globals, output).await;
    }
    // People recognize pins by their names.
    let asked = PinLs {
        names: true,
        stream: true,
        ..asked
    };
    let listed = request.with(&asked);
    let mut printer = Printer::new(&listed, globals)?;
    let mut indirect = 0_u64;
    generic::for_each_record(
        session,
        &listed,
        output,
        |line, record: PinnedItem, output| {
            if record.info.r#type.starts_with("indirect") {
                indirect += 1;
                return Ok(());
            }
            printer.print(&line, output)
        },
    )
    .await?;
    if indirect > 0 && !asked.quiet {
        output.flush()?;
        let (are, blocks) = if indirect == 1 {
            ("is", "block")
        } else {
            ("are", "blocks")
        };
        eprintln!("{indirect} more {blocks} {are} pinned indirectly; list them with `--type=all`");
    }
    Ok(())
}
