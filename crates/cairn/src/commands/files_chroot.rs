//! `files chroot`: replaces the root of MFS.

use cairn_node::{Node, NodeOptions};
use clap::{Arg, ArgAction, Command};

use crate::error::Problem;
use crate::globals::Globals;
use crate::grammar::Invocation;
use crate::output::Output;
use crate::session::node_problem;

/// Its grammar.
pub(crate) fn command() -> Command {
    Command::new("chroot")
        .about("Replace the root directory of MFS")
        .long_about("Replace the root directory of MFS.\n\nOnly while no daemon runs. This is the way out when the root is damaged. The old root is removed by garbage collection unless it is pinned.")
        .arg(Arg::new("cid").help("CID of the new root [default: an empty directory]"))
        .arg(
            Arg::new("confirm")
                .long("confirm")
                .help("Confirm that the root is to be replaced")
                .action(ArgAction::Set)
                .num_args(0..=1)
                .require_equals(true)
                .default_missing_value("true")
                .value_parser(clap::value_parser!(bool))
                .hide_possible_values(true)
                .value_name("BOOL"),
        )
}

/// Runs it.
pub(crate) async fn run(invocation: &Invocation, globals: &Globals) -> Result<(), Problem> {
    if invocation.own::<bool>("confirm") != Some(true) {
        return Err(Problem::usage(
            "this is a potentially destructive operation; pass --confirm to proceed",
        ));
    }
    if globals.api.is_some() {
        return Err(
            Problem::usage("the MFS root of a running daemon cannot be replaced")
                .hint("stop the daemon, and omit `--api`"),
        );
    }
    let given = invocation.own::<String>("cid");
    let node = Node::open(globals.repository()?, NodeOptions::default())
        .await
        .map_err(|error| node_problem(&error))?;
    let changed = node
        .chroot(given.as_deref())
        .await
        .map_err(|error| Problem::from_error(&error));
    let closed = node.shutdown().await.map_err(|error| node_problem(&error));
    let (before, root) = changed?;
    closed?;
    let mut output = Output::stdout()?;
    match before {
        Some(before) => output.text(&format!(
            "MFS root changed from {before} to {root}\nThe old root {before} will be garbage collected unless pinned.\n"
        ))?,
        None => output.text(&format!("MFS root set to {root}\n"))?,
    }
    output.flush()
}
