//! Repairs the database of the services, where it is a file.
//!
//! It has no second home. What can no longer be opened is renamed and replaced by an empty one; the pins that it asked
//! for stay, because the repository remembers which database they belong to (file `database`).

use std::path::Path;

use cairn_store::shared::{DatabaseUrl, SharedError, SharedSqliteRows};

use super::super::DATABASE;
use super::{Repaired, io_error, set_aside};
use crate::config::Config;
use crate::durable;
use crate::error::NodeError;

/// Replaces the database of the services if it is missing or cannot be read.
pub(super) async fn restore_services(
    path: &Path,
    config: &Config,
    summary: &mut Repaired,
) -> Result<(), NodeError> {
    let location = config.database.location().map_err(NodeError::Services)?;
    let DatabaseUrl::Sqlite(file) = location else {
        return Ok(());
    };
    let file = path.join(file);
    if file.exists() {
        match open_whole(&file).await {
            Ok(()) => return Ok(()),
            Err(error) if error.is_damage() => {
                tracing::warn!(%error, "replacing the database of the services");
                replace(path, &file, summary).await?;
            }
            // It has no second copy: a good one that cannot be read now is not given up.
            Err(error) => return Err(NodeError::Services(error)),
        }
    } else if path.join(DATABASE).exists() {
        create(&file).await?;
        summary.done("Created an empty database of the services.");
        summary.lost.push(lost("is gone"));
    }
    Ok(())
}

/// Opens it, reads every page and closes it.
async fn open_whole(file: &Path) -> Result<(), SharedError> {
    use cairn_store::shared::SharedRows as _;
    let rows = SharedSqliteRows::open(file.to_owned()).await?;
    let checked = rows.check().await;
    let closed = rows.close().await;
    checked.and(closed)
}

async fn create(file: &Path) -> Result<(), NodeError> {
    open_whole(file).await.map_err(NodeError::Services)
}

async fn replace(path: &Path, file: &Path, summary: &mut Repaired) -> Result<(), NodeError> {
    // Before the empty one can be taken for the one that the pins belong to.
    let remembered = path.join(DATABASE);
    if !remembered.exists() {
        durable::replace(&remembered, b"lost")
            .map_err(|error| io_error("write", &remembered, error))?;
    }
    let name = set_aside(file)?.unwrap_or_default();
    // The log and its index belong to the file that was renamed.
    for end in ["-wal", "-shm"] {
        let mut part = file.as_os_str().to_owned();
        part.push(end);
        set_aside(Path::new(&part))?;
    }
    create(file).await?;
    summary.done(format!(
        "Renamed the database of the services to `{name}`, and created an empty one."
    ));
    summary.lost.push(lost("cannot be read"));
    Ok(())
}

fn lost(why: &str) -> String {
    format!(
        "The database of the services {why}: accounts, tokens, pin requests, uploads and the pinset of the cluster are lost. Their content stays pinned \
         until the file `{DATABASE}` in the repository is removed."
    )
}
