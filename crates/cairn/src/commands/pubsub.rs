//! `pubsub {pub,sub,peers}`: topics are typed as text and sent as multibase.

use cairn_client::{Records, Upload};
use cairn_primitives::ByteString;
use cairn_primitives::multibase::{self, Base};
use cairn_wire::kubo::pubsub::peers::PubsubPeers;
use cairn_wire::kubo::pubsub::publish::PubsubPub;
use cairn_wire::kubo::pubsub::sub::{PubsubMessage, PubsubSub};

use super::generic::{self, Printer, Request};
use crate::error::Problem;
use crate::globals::Globals;
use crate::output::Output;
use crate::session::Session;

fn encoded(topic: &ByteString) -> ByteString {
    multibase::encode(Base::Base64Url, topic.as_bytes()).into()
}

/// Runs `pubsub pub`.
pub(crate) async fn publish(
    session: &Session,
    request: &Request,
    _: &Globals,
    _: &mut Output,
) -> Result<(), Problem> {
    let mut command = request.typed::<PubsubPub>()?;
    command.topic = encoded(&command.topic);
    let parts = super::files::plain(&request.files, request.spec.files.name)?;
    let values = request.with(&command).values;
    let upload = Some(Upload::from_parts(parts));
    session.kubo.send(request.spec, values, upload).await?;
    Ok(())
}

/// Runs `pubsub peers`.
pub(crate) async fn peers(
    session: &Session,
    request: &Request,
    globals: &Globals,
    output: &mut Output,
) -> Result<(), Problem> {
    let mut command = request.typed::<PubsubPeers>()?;
    command.topic = command.topic.as_ref().map(encoded);
    generic::run(session, &request.with(&command), globals, output).await
}

/// Runs `pubsub sub`: the payloads as they are, or the messages as JSON.
pub(crate) async fn subscribe(
    session: &Session,
    request: &Request,
    globals: &Globals,
    output: &mut Output,
) -> Result<(), Problem> {
    let mut command = request.typed::<PubsubSub>()?;
    command.topic = encoded(&command.topic);
    let request = request.with(&command);
    let answer = (session.kubo)
        .send(request.spec, request.values.clone(), None)
        .await?;
    let mut records = Records::<PubsubMessage>::new(answer);
    let mut printer = Printer::new(&request, globals)?;
    while let Some((line, message)) = generic::next_record(&mut records, output).await? {
        if globals.format.is_json() {
            printer.print(&line, output)?;
            continue;
        }
        let payload = message.payload().map_err(|error| {
            Problem::failed("the payload of a message is not understood").because(&error)
        })?;
        output.bytes(&payload)?;
    }
    Ok(())
}
