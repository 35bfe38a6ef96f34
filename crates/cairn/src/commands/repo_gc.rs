//! `repo gc` of `cairn`: prints how much was freed. With `--quiet` the CIDs, one per line.

use cairn_wire::kubo::repo::gc::{Collected, RepoGc};
use cairn_wire::kubo::repo::stat::RepoStat;
use cairn_wire::text::human_bytes;

use super::generic::{self, Request, print_error};
use crate::error::Problem;
use crate::globals::Globals;
use crate::output::Output;
use crate::progress::{self, Progress};
use crate::session::Session;

/// Runs it.
pub(crate) async fn run(
    session: &Session,
    request: &Request,
    globals: &Globals,
    output: &mut Output,
) -> Result<(), Problem> {
    let asked = request.typed::<RepoGc>()?;
    if request.is_ipfs() || asked.quiet || asked.silent || globals.format.is_json() {
        return generic::run(session, request, globals, output).await;
    }
    let before = size(session).await?;
    let progress = Progress::count(progress::is_enabled(None), "blocks removed");
    let (mut removed, mut failed) = (0_u64, 0_u64);
    generic::for_each_record(
        session,
        request,
        output,
        |_line, record: Collected, output| {
            if record.key.is_some() {
                removed += 1;
                progress.set(removed);
            } else if !record.error.is_empty() {
                failed += 1;
                progress.suspend(|| print_error(&record.error, output))?;
            }
            Ok(())
        },
    )
    .await?;
    drop(progress);
    let freed = before.saturating_sub(size(session).await?);
    output.text(&summary(removed, freed))?;
    if failed > 0 {
        return Err(Problem::failed(format!(
            "{failed} blocks could not be removed"
        )));
    }
    Ok(())
}

/// Bytes of the repository on disk.
async fn size(session: &Session) -> Result<u64, Problem> {
    let request = RepoStat {
        size_only: true,
        ..RepoStat::new()
    };
    Ok(session.kubo.call(&request).await?.repo_size)
}

fn summary(removed: u64, freed: u64) -> String {
    let blocks = if removed == 1 { "block" } else { "blocks" };
    format!("removed {removed} {blocks}, freed {}\n", human_bytes(freed))
}

#[cfg(test)]
mod tests {
    #[test]
    fn counts_are_told_in_words() {
        assert_eq!(super::summary(0, 0), "removed 0 blocks, freed 0 B\n");
        assert_eq!(super::summary(1, 1_404), "removed 1 block, freed 1.4 kB\n");
    }
}
