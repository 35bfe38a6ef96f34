//! `ls`: the entries of folders, those of a stream under their folders as well.

use cairn_client::Records;
use cairn_wire::kubo::ls::{Listing, Ls};

use super::generic::{self, Request, next_record};
use crate::error::Problem;
use crate::globals::Globals;
use crate::output::{Format, Output};
use crate::session::Session;

/// Runs it.
pub(crate) async fn run(
    session: &Session,
    request: &Request,
    globals: &Globals,
    output: &mut Output,
) -> Result<(), Problem> {
    if globals.format == Format::Json {
        return generic::run(session, request, globals, output).await;
    }
    let asked = request.typed::<Ls>()?;
    let mut before: Option<String> = None;
    let mut text = String::new();
    for values in request.batches() {
        let answer = session.kubo.send(request.spec, values, None).await?;
        let mut records = Records::<Listing>::new(answer);
        while let Some((_, record)) = next_record(&mut records, output).await? {
            for object in record.objects {
                let fresh = before.as_ref() != Some(&object.hash);
                object.text(&asked, fresh, before.is_some(), &mut text);
                before = Some(object.hash);
            }
            output.text(&text)?;
            text.clear();
        }
    }
    Ok(())
}
