//! `cluster ipfs gc`.

use cairn_client::cluster::{GlobalRepoGc, Peers};
use clap::{Arg, ArgAction, Command};

use super::connect::{self, connect, is_set, local, problem};
use super::print;
use crate::error::Problem;
use crate::globals::Globals;
use crate::grammar::Invocation;

/// Its grammar.
pub(super) fn command() -> Command {
    connect::command("gc", "Collect garbage on the IPFS nodes of the peers")
        .arg(local())
        .arg(
            Arg::new("quiet")
                .long("quiet")
                .short('q')
                .action(ArgAction::SetTrue)
                .help("Print only the number of removed blocks of each peer"),
        )
}

/// Runs it.
pub(super) async fn run(invocation: &Invocation, globals: &Globals) -> Result<(), Problem> {
    let peers = match is_set(invocation, "local") {
        true => Peers::Local,
        false => Peers::All,
    };
    let cluster = connect(invocation, globals)?;
    let collected = cluster.collect_garbage(peers).await;
    let collected = collected.map_err(|error| problem(&error))?;
    let quiet = is_set(invocation, "quiet");
    print::one(&collected, globals, |collected| text(collected, quiet))?;
    let failed = failed(&collected);
    match failed.is_empty() {
        true => Ok(()),
        false => Err(Problem::failed(format!(
            "no collection on {}",
            failed.join(", ")
        ))),
    }
}

/// The peers on which nothing was collected.
fn failed(collected: &GlobalRepoGc) -> Vec<String> {
    let failed = collected.peer_map.iter();
    failed
        .filter(|(_, on)| !on.error.is_empty())
        .map(|(id, on)| print::shown(print::name(id, &on.peername)))
        .collect()
}

fn text(collected: &GlobalRepoGc, quiet: bool) -> String {
    let mut out = String::new();
    for (id, on) in &collected.peer_map {
        let name = print::shown(print::name(id, &on.peername));
        if !on.error.is_empty() {
            out.push_str(&format!("{name}: {}\n", print::shown(&on.error)));
            continue;
        }
        let removed = on.keys.iter().filter(|key| key.error.is_empty()).count();
        out.push_str(&format!("{name}: {removed} blocks removed\n"));
        for key in on.keys.iter().filter(|_| !quiet) {
            match &key.key {
                Some(cid) if key.error.is_empty() => out.push_str(&format!("  {cid}\n")),
                _ => out.push_str(&format!("  {}\n", print::shown(&key.error))),
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peer_without_a_name_is_named_by_its_id() {
        let collected = serde_json::json!({
            "peer_map": {
                "QmOne": { "peer": "QmOne", "peername": "one", "keys": [], "error": "" },
                "QmTwo": { "peer": "QmTwo", "peername": "", "keys": [], "error": "it is down" },
            }
        });
        let collected: GlobalRepoGc = serde_json::from_value(collected).unwrap();
        assert_eq!(failed(&collected), ["QmTwo"]);
        assert_eq!(
            text(&collected, true),
            "one: 0 blocks removed\nQmTwo: it is down\n"
        );
    }
}
