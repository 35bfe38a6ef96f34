//! `key rotate`: another identity for the repository.

use cairn_node::{NodeError, Repo, RotateError};
use clap::{Arg, Command, value_parser};

use super::init::{made_key, new_key};
use crate::error::Problem;
use crate::globals::Globals;
use crate::grammar::Invocation;
use crate::output::Output;
use crate::session::node_problem;

/// Its grammar.
pub(crate) fn command() -> Command {
    Command::new("rotate")
        .about("Replace the identity of this node")
        .long_about("Replace the identity of this node.\n\nThe old key is kept in the keystore under a name, so that its IPNS name can still be published. The daemon must not be running.")
        .arg(
            Arg::new("oldkey")
                .long("oldkey")
                .short('o')
                .value_name("NAME")
                .help("Name to keep the old key under")
                .required(true),
        )
        .arg(
            Arg::new("type")
                .long("type")
                .short('t')
                .value_name("TYPE")
                .help("Type of the new key, `ed25519` or `rsa` [default: ed25519]"),
        )
        .arg(
            Arg::new("size")
                .long("size")
                .short('s')
                .value_name("BITS")
                .help("Size of an RSA key, in bits [default: 2048]")
                .value_parser(value_parser!(usize)),
        )
}

/// Runs it.
pub(crate) async fn run(invocation: &Invocation, globals: &Globals) -> Result<(), Problem> {
    if globals.api.is_some() {
        return Err(
            Problem::usage("the identity of a running daemon cannot be replaced")
                .hint("stop the daemon, and leave `--api` out"),
        );
    }
    let name = invocation.own::<String>("oldkey").unwrap_or_default();
    let kind = new_key(
        invocation.own::<String>("type").as_deref(),
        invocation.own::<usize>("size"),
    )?;
    let rotated = Repo::rotate_identity(globals.repository()?, &name, kind).await;
    let (_, new) = rotated.map_err(|error| match error {
        RotateError::Repo(error) => node_problem(&NodeError::Repo(error)),
        other => Problem::from_error(&other),
    })?;
    let mut output = Output::stdout()?;
    output.text(&made_key(kind, &new))?;
    output.flush()
}
