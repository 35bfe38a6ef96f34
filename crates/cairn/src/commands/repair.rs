//! `repo repair`: repairs a repository that has lost parts.

use cairn_node::Repo;
use clap::Command;

use crate::error::Problem;
use crate::globals::Globals;
use crate::output::Output;
use crate::session::node_problem;

/// Its grammar.
pub(crate) fn command() -> Command {
    Command::new("repair")
        .about("Restore missing or damaged parts of the repository")
        .long_about("Restore missing or damaged parts of the repository.\n\nThe daemon must not be running. All blocks are kept, and unusable files are renamed. Pins are restored from the pin journal with their names; if that is missing too, every block that no other block links to is pinned. A missing configuration is replaced by a new one with a new identity.")
}

/// Runs it.
pub(crate) async fn run(globals: &Globals) -> Result<(), Problem> {
    if globals.api.is_some() {
        return Err(Problem::usage("a daemon's repository cannot be repaired")
            .hint("stop the daemon, and omit `--api`"));
    }
    let path = globals.repository()?;
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let told = Repo::repair(&path)
        .await
        .map_err(|error| node_problem(&error))?;
    let mut output = Output::stdout()?;
    for sentence in told.done.iter().chain(&told.lost) {
        output.text(&format!("{sentence}\n"))?;
    }
    if told.done.is_empty() && told.lost.is_empty() {
        output.text("Nothing had to be repaired.\n")?;
    }
    output.flush()
}
