//! `cluster id`, `version`, `peers` and `token`.

use cairn_client::PeerId;
use cairn_client::cluster::Id;
use clap::{Arg, Command};

use super::connect::{self, connect, problem};
use super::print;
use crate::error::Problem;
use crate::globals::Globals;
use crate::grammar::Invocation;

/// The grammar of `cluster id`.
pub(super) fn id_command() -> Command {
    connect::command("id", "Show the identity of a peer")
}

/// Runs `cluster id`.
pub(super) async fn id(invocation: &Invocation, globals: &Globals) -> Result<(), Problem> {
    let cluster = connect(invocation, globals)?;
    let id = cluster.id().await.map_err(|error| problem(&error))?;
    print::one(&id, globals, print::peer)
}

/// The grammar of `cluster version`.
pub(super) fn version_command() -> Command {
    connect::command("version", "Show the version of a peer")
}

/// Runs `cluster version`.
pub(super) async fn version(invocation: &Invocation, globals: &Globals) -> Result<(), Problem> {
    let cluster = connect(invocation, globals)?;
    let version = cluster.version().await.map_err(|error| problem(&error))?;
    print::one(&version, globals, |version| {
        format!("{}\n", print::shown(&version.version))
    })
}

/// The grammar of `cluster token`.
pub(super) fn token_command() -> Command {
    connect::command("token", "Print a token of a user").long_about(
        "Print a token of a user.\n\nThe token is a JWT that other programs send as `Authorization: Bearer TOKEN`. It is valid until the user's password changes.",
    )
}

/// Runs `cluster token`.
pub(super) async fn token(invocation: &Invocation, globals: &Globals) -> Result<(), Problem> {
    let cluster = connect(invocation, globals)?;
    let token = cluster.token().await.map_err(|error| problem(&error))?;
    print::one(&token, globals, |token| {
        format!("{}\n", print::shown(&token.token))
    })
}

/// The grammar of `cluster peers ls`.
pub(super) fn ls_command() -> Command {
    connect::command("ls", "List the peers")
}

/// Runs `cluster peers ls`.
pub(super) async fn ls(invocation: &Invocation, globals: &Globals) -> Result<(), Problem> {
    let cluster = connect(invocation, globals)?;
    let peers = cluster.peers().await.map_err(|error| problem(&error))?;
    let head = ["PEER ID", "NAME", "VERSION", "IPFS NODE", "ERROR"];
    print::table(peers, globals, head, row).await
}

fn row(id: &Id) -> [String; 5] {
    let errors = [&id.error, &id.ipfs.error];
    let error = errors.into_iter().find(|error| !error.is_empty());
    [
        print::shown(&id.id),
        print::shown(&id.peername),
        print::shown(&id.version),
        print::shown(&id.ipfs.id),
        print::shown(error.map_or("", String::as_str)),
    ]
}

fn peer_argument() -> Arg {
    Arg::new("peer")
        .value_name("PEER-ID")
        .help("Peer ID")
        .required(true)
}

fn peer_id(invocation: &Invocation) -> Result<PeerId, Problem> {
    let text = invocation.own::<String>("peer").unwrap_or_default();
    text.parse()
        .map_err(|error| Problem::usage(format!("{text:?}: {error}")))
}

/// The grammar of `cluster peers add`.
pub(super) fn add_command() -> Command {
    connect::command("add", "Add a peer").arg(peer_argument())
}

/// Runs `cluster peers add`.
pub(super) async fn add(invocation: &Invocation, globals: &Globals) -> Result<(), Problem> {
    let peer = peer_id(invocation)?;
    let cluster = connect(invocation, globals)?;
    let added = cluster.add_peer(&peer).await;
    let id = added.map_err(|error| problem(&error))?;
    print::one(&id, globals, print::peer)
}

/// The grammar of `cluster peers rm`.
pub(super) fn rm_command() -> Command {
    connect::command("rm", "Remove a peer and allocate its pins to others").arg(peer_argument())
}

/// Runs `cluster peers rm`.
pub(super) async fn rm(invocation: &Invocation, globals: &Globals) -> Result<(), Problem> {
    let peer = peer_id(invocation)?;
    let cluster = connect(invocation, globals)?;
    let removed = cluster.remove_peer(&peer).await;
    removed.map_err(|error| problem(&error))
}
