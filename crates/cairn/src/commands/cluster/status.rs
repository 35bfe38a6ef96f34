//! `cluster status` and `cluster recover`.

use cairn_client::Cid;
use cairn_client::cluster::{Peers, StatusFilter, StatusQuery};
use clap::{Arg, ArgAction, Command};

use super::connect::{self, connect, is_set, local, problem, values};
use super::print;
use crate::error::Problem;
use crate::globals::Globals;
use crate::grammar::Invocation;

/// The filters by name.
const FILTERS: [(&str, StatusFilter); 14] = [
    ("cluster_error", StatusFilter::ClusterError),
    ("error", StatusFilter::Error),
    ("pin_error", StatusFilter::PinError),
    ("pin_queued", StatusFilter::PinQueued),
    ("pinned", StatusFilter::Pinned),
    ("pinning", StatusFilter::Pinning),
    ("queued", StatusFilter::Queued),
    ("remote", StatusFilter::Remote),
    ("sharded", StatusFilter::Sharded),
    ("unexpectedly_unpinned", StatusFilter::UnexpectedlyUnpinned),
    ("unpin_error", StatusFilter::UnpinError),
    ("unpin_queued", StatusFilter::UnpinQueued),
    ("unpinned", StatusFilter::Unpinned),
    ("unpinning", StatusFilter::Unpinning),
];

/// The grammar of `cluster status`.
pub(super) fn command() -> Command {
    connect::command("status", "Show the status of pins on each peer")
        .arg(
            Arg::new("cid")
                .value_name("CID")
                .num_args(0..)
                .help("Only these CIDs"),
        )
        .arg(local())
        .arg(
            Arg::new("filter")
                .long("filter")
                .value_name("STATUSES")
                .action(ArgAction::Append)
                .value_delimiter(',')
                .value_parser(FILTERS.map(|(name, _)| name))
                .conflicts_with("cid")
                .help("Only pins with one of these statuses on a peer"),
        )
}

/// Runs `cluster status`.
pub(super) async fn run(invocation: &Invocation, globals: &Globals) -> Result<(), Problem> {
    let cluster = connect(invocation, globals)?;
    let cids = cids(invocation)?;
    let peers = peers(invocation);
    if let [cid] = cids.as_slice() {
        let status = cluster.status(cid, peers).await;
        let status = status.map_err(|error| problem(&error))?;
        return print::one(&status, globals, print::status);
    }
    let names = values(invocation.matches(), "filter");
    let filter = FILTERS
        .into_iter()
        .filter(|(name, _)| names.iter().any(|given| given == name))
        .map(|(_, filter)| filter);
    let mut query = StatusQuery::new().filter(filter).cids(cids);
    query.peers = peers;
    let statuses = cluster.statuses(&query).await;
    let statuses = statuses.map_err(|error| problem(&error))?;
    print::each(statuses, globals, print::status).await
}

/// The grammar of `cluster recover`.
pub(super) fn recover_command() -> Command {
    connect::command("recover", "Pin again where that failed")
        .arg(
            Arg::new("cid")
                .value_name("CID")
                .num_args(0..)
                .help("Only these CIDs"),
        )
        .arg(local())
}

/// Runs `cluster recover`.
pub(super) async fn recover(invocation: &Invocation, globals: &Globals) -> Result<(), Problem> {
    let cluster = connect(invocation, globals)?;
    let peers = peers(invocation);
    let cids = cids(invocation)?;
    if cids.is_empty() {
        let recovered = cluster.recover_all(peers).await;
        let recovered = recovered.map_err(|error| problem(&error))?;
        return print::each(recovered, globals, print::status).await;
    }
    for cid in &cids {
        let status = cluster.recover(cid, peers).await;
        let status = status.map_err(|error| problem(&error))?;
        print::one(&status, globals, print::status)?;
    }
    Ok(())
}

fn peers(invocation: &Invocation) -> Peers {
    match is_set(invocation, "local") {
        true => Peers::Local,
        false => Peers::All,
    }
}

fn cids(invocation: &Invocation) -> Result<Vec<Cid>, Problem> {
    let texts = values(invocation.matches(), "cid").into_iter();
    let cids = texts.map(|text| {
        text.parse()
            .map_err(|error| Problem::usage(format!("{text:?}: {error}")))
    });
    cids.collect()
}
