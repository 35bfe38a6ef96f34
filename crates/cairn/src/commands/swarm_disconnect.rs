//! `swarm disconnect` of `cairn`: fails if a peer could not be disconnected. `ipfs` only prints it.

use cairn_wire::kubo::StringList;

use super::generic::{self, Printer, Request};
use crate::error::Problem;
use crate::globals::Globals;
use crate::output::Output;
use crate::session::Session;

/// Reports failures with the exit code.
pub(super) async fn run(
    session: &Session,
    request: &Request,
    globals: &Globals,
    output: &mut Output,
) -> Result<(), Problem> {
    let mut printer = Printer::new(request, globals)?;
    let mut failed = false;
    generic::for_each_record(
        session,
        request,
        output,
        |line, record: StringList, output| {
            failed |= record.strings.iter().any(|text| is_failure(text));
            printer.print(&line, output)
        },
    )
    .await?;
    if failed && !request.is_ipfs() {
        return Err(Problem::failed("not all peers could be disconnected"));
    }
    Ok(())
}

/// Whether a line, such as `disconnect PEER failure: REASON`, is about a failure.
fn is_failure(text: &str) -> bool {
    text.split(' ').nth(2) == Some("failure:")
}

#[cfg(test)]
mod tests {
    #[test]
    fn failures_are_recognized() {
        assert!(super::is_failure(
            "disconnect QmPeer failure: not connected"
        ));
        assert!(!super::is_failure("disconnect QmPeer success"));
    }
}
