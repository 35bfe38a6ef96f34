//! `pin rm` of `cairn`: one call for each path, so that an error can name the path. The server unpins them one after
//! the other anyway.

use cairn_client::Error as ClientError;
use cairn_wire::kubo::pin::rm::{PinRm, Unpinned};

use super::generic::{self, Printer, Request};
use crate::error::Problem;
use crate::globals::Globals;
use crate::output::Output;
use crate::session::Session;

/// Calls the endpoint for each path.
pub(super) async fn run(
    session: &Session,
    request: &Request,
    globals: &Globals,
    output: &mut Output,
) -> Result<(), Problem> {
    if request.is_ipfs() {
        return generic::run(session, request, globals, output).await;
    }
    let mut asked = request.typed::<PinRm>()?;
    let mut unpinned = Unpinned::default();
    let mut outcome = Ok(());
    for path in std::mem::take(&mut asked.paths) {
        let shown = path.to_string();
        asked.paths = vec![path];
        match session.kubo.call(&asked).await {
            Ok(one) => unpinned.pins.extend(one.pins),
            Err(error) => {
                outcome = Err(problem(error, &shown));
                break;
            }
        }
    }
    // What was unpinned before an error is printed before it.
    if !unpinned.pins.is_empty() {
        let line = serde_json::to_vec(&unpinned).map_err(|error| Problem::from_error(&error))?;
        Printer::new(request, globals)?.print(&line, output)?;
    }
    outcome
}

/// The problem of a failed call; one of the connection is not about the path.
fn problem(error: ClientError, path: &str) -> Problem {
    let refused = matches!(error, ClientError::Response { .. });
    let problem = Problem::from(error);
    if refused {
        problem.about(path)
    } else {
        problem
    }
}
