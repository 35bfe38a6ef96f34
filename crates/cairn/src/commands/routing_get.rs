//! `routing get` and `dht get`: the record itself.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cairn_client::Records;
use cairn_wire::kubo::routing::QueryEvent;

use super::generic::{self, Printer, Request};
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
    let verbose = super::given_flag(request, &["verbose", "v"]) == Some(true);
    let answer = (session.kubo)
        .send(request.spec, request.values.clone(), None)
        .await?;
    let mut records = Records::<QueryEvent>::new(answer);
    let mut printer = Printer::new(request, globals)?;
    while let Some((line, event)) = generic::next_record(&mut records, output).await? {
        if globals.format.is_json() || verbose || event.r#type != QueryEvent::VALUE {
            printer.print(&line, output)?;
            continue;
        }
        let value = STANDARD.decode(&event.extra).map_err(|error| {
            Problem::failed("the record in the server's answer is not base64").because(&error)
        })?;
        output.bytes(&value)?;
    }
    Ok(())
}
