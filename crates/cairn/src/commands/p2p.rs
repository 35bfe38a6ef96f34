//! `p2p listen` and `p2p forward` with `--foreground`: the listener is closed when the command is interrupted.

use cairn_wire::kubo::p2p::close::P2pClose;
use cairn_wire::kubo::p2p::forward::P2pForward;
use cairn_wire::kubo::p2p::listen::P2pListen;

use super::generic::{self, Request};
use super::swarm_peers::shown;
use crate::error::Problem;
use crate::globals::Globals;
use crate::interrupt::Interrupts;
use crate::output::Output;
use crate::session::Session;

/// Runs `p2p listen`.
pub(crate) async fn listen(
    session: &Session,
    request: &Request,
    globals: &Globals,
    output: &mut Output,
) -> Result<(), Problem> {
    let mut asked = request.typed::<P2pListen>()?;
    if !std::mem::take(&mut asked.foreground) {
        return generic::run(session, request, globals, output).await;
    }
    let (protocol, target) = (shown(&asked.protocol), shown(&asked.target));
    let close = P2pClose {
        protocol: Some(asked.protocol.clone()),
        target: Some(asked.target.clone()),
        ..P2pClose::new()
    };
    generic::run(session, &request.with(&asked), globals, output).await?;
    let started =
        format!("Listening on {protocol}, forwarding to {target}, waiting for interrupt...\n");
    let ended = format!("Received interrupt, removing listener for {protocol}\n");
    wait(session, &close, (&started, &ended), output).await
}

/// Runs `p2p forward`.
pub(crate) async fn forward(
    session: &Session,
    request: &Request,
    globals: &Globals,
    output: &mut Output,
) -> Result<(), Problem> {
    let mut asked = request.typed::<P2pForward>()?;
    if !std::mem::take(&mut asked.foreground) {
        return generic::run(session, request, globals, output).await;
    }
    let (protocol, address) = (shown(&asked.protocol), shown(&asked.listen));
    let close = P2pClose {
        protocol: Some(asked.protocol.clone()),
        listen: Some(asked.listen.clone()),
        ..P2pClose::new()
    };
    generic::run(session, &request.with(&asked), globals, output).await?;
    let started = format!("Forwarding {protocol} to {address}, waiting for interrupt...\n");
    let ended = format!("Received interrupt, removing forwarder for {protocol}\n");
    wait(session, &close, (&started, &ended), output).await
}

/// Waits for SIGINT or SIGTERM, then closes the listener.
async fn wait(
    session: &Session,
    close: &P2pClose,
    (started, ended): (&str, &str),
    output: &mut Output,
) -> Result<(), Problem> {
    let mut interrupts = Interrupts::new()?;
    output.text(started)?;
    output.flush()?;
    interrupts.next().await;
    session.kubo.call(close).await?;
    output.text(ended)
}
