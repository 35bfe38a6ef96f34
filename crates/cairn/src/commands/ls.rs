//! `ls`: the entries of directories, also of a stream, below their directories.

use cairn_wire::kubo::ls::{Listing, Ls};

use super::generic::{self, Request};
use crate::error::Problem;
use crate::globals::Globals;
use crate::output::Output;
use crate::session::Session;

/// Runs it.
pub(crate) async fn run(
    session: &Session,
    request: &Request,
    globals: &Globals,
    output: &mut Output,
) -> Result<(), Problem> {
    if globals.format.is_json() {
        return generic::run(session, request, globals, output).await;
    }
    let asked = request.typed::<Ls>()?;
    let mut before: Option<String> = None;
    let mut text = String::new();
    generic::for_each_record(
        session,
        request,
        output,
        |_line, record: Listing, output| {
            for object in record.objects {
                let fresh = before.as_ref() != Some(&object.hash);
                object.text(&asked, fresh, before.is_some(), &mut text);
                before = Some(object.hash);
            }
            output.text(&text)?;
            text.clear();
            Ok(())
        },
    )
    .await
}
