//! `pins get`, `pins rm` and `pins wait`.

use std::time::Duration;

use cairn_client::pinning::{Pin, RequestId};
use clap::{Arg, ArgAction, Command};

use super::{REQUEST, Service, command, given_requests, parse_cid, requests};
use crate::commands::record::RecordPrinter;
use crate::error::Problem;
use crate::globals::Globals;
use crate::grammar::Invocation;
use crate::output::Output;
use crate::progress::{self, Progress};

const CID: &str = "pins:cid";

/// Waiting ends with the command, so its own limit is never reached.
const FOREVER: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

pub(in crate::commands) fn get_command() -> Command {
    let command = command(
        "get",
        "Print pin requests",
        "Prints all fields; with `--json` the object of the API.",
    );
    command.arg(requests(true))
}

pub(in crate::commands) async fn get(
    invocation: &Invocation,
    globals: &Globals,
) -> Result<(), Problem> {
    let (service, matches) = Service::connect(invocation, globals)?;
    let mut records = RecordPrinter::stdout(globals)?;
    for id in &given_requests(&matches)? {
        let pin = service.client.get(id).await;
        let pin = pin.map_err(|error| service.problem_of(id, error))?;
        records.print(&pin.to_record())?;
    }
    Ok(())
}

pub(in crate::commands) fn remove_command() -> Command {
    let command = command(
        "rm",
        "Remove pin requests",
        "The service keeps the content no longer, unless other pin requests need it. Prints the IDs of the removed pin requests.",
    );
    let cid = Arg::new(CID)
        .long("cid")
        .value_name("CID")
        .action(ArgAction::Append)
        .help("Remove all pin requests of this CID; may be repeated");
    command
        .arg(requests(true).required(false).required_unless_present(CID))
        .arg(cid)
}

pub(in crate::commands) async fn remove(
    invocation: &Invocation,
    globals: &Globals,
) -> Result<(), Problem> {
    let (service, matches) = Service::connect(invocation, globals)?;
    let mut output = Output::stdout()?;
    let cids: Vec<&String> = matches
        .get_many::<String>(CID)
        .into_iter()
        .flatten()
        .collect();
    if cids.is_empty() || matches.contains_id(REQUEST) {
        for id in given_requests(&matches)? {
            service.remove(&id, &mut output).await?;
        }
    }
    for text in cids {
        let cid = parse_cid(text)?;
        let mut pins = service.client.list().cid(&cid).any_status().stream();
        let mut found = false;
        while let Some(pin) = pins
            .try_next()
            .await
            .map_err(|error| service.problem(error))?
        {
            service.remove(&pin.id, &mut output).await?;
            found = true;
        }
        if !found {
            return Err(Problem::failed(format!("no pin request has the CID {cid}")));
        }
    }
    Ok(())
}

pub(in crate::commands) fn wait_command() -> Command {
    let command = command(
        "wait",
        "Wait until pin requests are pinned",
        "Prints each pin request when it is pinned. Fails when one cannot be pinned, with the reason that the service gives. `--timeout` limits the time.",
    );
    command.arg(requests(true))
}

pub(in crate::commands) async fn wait(
    invocation: &Invocation,
    globals: &Globals,
) -> Result<(), Problem> {
    let (service, matches) = Service::connect(invocation, globals)?;
    let mut records = RecordPrinter::stdout(globals)?;
    for id in &given_requests(&matches)? {
        let pin = service.wait(id).await?;
        records.print(&pin.to_record())?;
    }
    Ok(())
}

impl Service {
    /// Waits until a pin request is pinned. Shows its status on a terminal.
    pub(super) async fn wait(&self, id: &RequestId) -> Result<Pin, Problem> {
        let progress = Progress::count(progress::is_enabled(None), "requests:");
        let call = self.client.wait_until_pinned(id).within(FOREVER);
        let call = call.on_progress(move |pin| {
            progress.add(1);
            let details = pin.status_details().unwrap_or_default();
            progress.message(format!("{} {} {details}", pin.cid, pin.status.name()));
        });
        call.await.map_err(|error| self.problem_of(id, error))
    }

    async fn remove(&self, id: &RequestId, output: &mut Output) -> Result<(), Problem> {
        let removed = self.client.delete(id).await;
        removed.map_err(|error| self.problem_of(id, error))?;
        output.text(&format!("{id}\n"))?;
        output.flush()
    }
}
