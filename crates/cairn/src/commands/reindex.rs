//! `repo reindex`: the index of the block store, rebuilt from the segments.

use cairn_node::{Access, NodeError, Repo};
use cairn_store::BlockStore as _;
use cairn_store::block::segments::{OpenError, OpenReport, Options, SegmentStore};
use clap::Command;

use crate::error::Problem;
use crate::globals::Globals;
use crate::output::Output;
use crate::progress::{self, Progress};
use crate::session::node_problem;

/// Its grammar.
pub(crate) fn command() -> Command {
    Command::new("reindex")
        .about("Rebuild the index of the block store")
        .long_about("Rebuild the index of the block store from its segments.\n\nThe daemon must not be running. Removed blocks may come back, unpinned; the next `repo gc` removes them again.")
}

/// Runs it.
pub(crate) async fn run(globals: &Globals) -> Result<(), Problem> {
    if globals.api.is_some() {
        return Err(Problem::usage("a daemon's repository cannot be reindexed")
            .hint("stop the daemon, and omit `--api`"));
    }
    // Holds the lock: no other process uses the store meanwhile.
    let repo = Repo::open(globals.repository()?, Access::ReadWrite)
        .map_err(|error| node_problem(&NodeError::from(error)))?;
    let path = repo.blocks_path();
    let shown = progress::is_enabled(None);
    let done = tokio::task::spawn_blocking(move || {
        let progress = Progress::bytes(shown, Some(0));
        let mut in_all = 0;
        SegmentStore::reindex(path, Options::default(), &mut |read, total| {
            if total != in_all {
                in_all = total;
                progress.total(total);
            }
            progress.set(read);
        })
    });
    let done = done
        .await
        .map_err(|error| Problem::failed("reindexing was interrupted").because(&error))?;
    let (store, report) = done.map_err(|error| {
        let problem = Problem::from_error(&error);
        match error {
            OpenError::Identity { .. } | OpenError::IdentityMissing => {
                problem.hint("run `{program} repo repair`: it keeps all existing blocks")
            }
            _ => problem,
        }
    })?;
    store
        .close()
        .await
        .map_err(|error| Problem::from_error(&error))?;
    repo.close();
    let mut output = Output::stdout()?;
    output.text(&summary(&report))?;
    output.flush()
}

/// A summary of the report.
fn summary(report: &OpenReport) -> String {
    use std::fmt::Write as _;
    let mut text = String::new();
    for (segment, at) in &report.cut {
        let _ = writeln!(
            text,
            "segment {segment}: an incomplete last record was cut off at byte {at}"
        );
    }
    for damage in &report.damaged {
        let _ = writeln!(
            text,
            "segment {}: bytes {} to {} are damaged and were copied to {}",
            damage.segment, damage.bytes.start, damage.bytes.end, damage.copy
        );
    }
    let _ = writeln!(text, "indexed {} blocks", report.replayed);
    text
}
