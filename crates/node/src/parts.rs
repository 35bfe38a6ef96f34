//! Opening what lies in a repository.

use std::path::Path;
use std::sync::Arc;

use cairn_store::BlockStore;
use cairn_store::block::segments::{OpenReport, Options, SegmentStore};
use cairn_store::block::{Filestore, FilestoreOptions};
use cairn_store::meta::{Rows, SqliteRows};

use crate::config::Config;
use crate::config::sections::Datastore;
use crate::node::NodeError;
use crate::repo::{Access, RepoError};

/// Opens the block store of a repository, and makes it if it is absent and may be written.
pub(crate) fn open_store(
    path: &Path,
    access: Access,
    config: &Datastore,
) -> Result<Arc<dyn BlockStore>, NodeError> {
    let options = Options {
        read_only: access == Access::ReadOnly,
        verify_reads: config.hash_on_read,
        warm_writes: config.warm_writes.unwrap_or(true),
        ..Options::default()
    };
    let (store, report) =
        SegmentStore::open(path, options).map_err(|source| NodeError::OpenStore {
            path: path.to_owned(),
            source: Arc::new(source),
        })?;
    tell(&report);
    Ok(store)
}

/// Puts into the log what opening the store had to repair.
fn tell(report: &OpenReport) {
    if let Some(reason) = &report.reindexed {
        tracing::warn!(
            reason,
            "the block index was made anew: blocks removed of late may be back until the next collection"
        );
    }
    for (segment, at) in &report.cut {
        tracing::info!(segment, at, "an incomplete last record was cut off");
    }
    for damage in &report.damaged {
        tracing::error!(
            segment = damage.segment,
            from = damage.bytes.start,
            to = damage.bytes.end,
            copy = damage.copy,
            "part of a segment is damaged and was set aside: run `cairn repo verify`"
        );
    }
    if report.replayed > 0 {
        tracing::debug!(
            records = report.replayed,
            "the block index was brought up to date"
        );
    }
}

/// Opens the rows of a repository, and makes them if they are absent and may be written.
pub(crate) fn open_rows(path: &Path, access: Access) -> Result<Arc<dyn Rows>, NodeError> {
    Ok(SqliteRows::open(path, access == Access::ReadOnly)?)
}

/// Puts the references over the store, where there are any or may be; elsewhere nothing looks for them.
pub(crate) fn open_filestore(
    store: &Arc<dyn BlockStore>,
    rows: &Arc<dyn Rows>,
    repository: &Path,
    config: &Config,
) -> Result<Option<Arc<Filestore>>, NodeError> {
    let files = config.experimental.filestore_enabled;
    let urls = config.experimental.urlstore_enabled;
    if !files && !urls && rows.last_reference()? == 0 {
        return Ok(None);
    }
    let options =
        FilestoreOptions::beside(repository, files, urls).map_err(|source| RepoError::Io {
            action: "find",
            path: repository.to_owned(),
            source: Arc::new(source),
        })?;
    Filestore::open(Arc::clone(store), Arc::clone(rows), options)
        .map(Some)
        .map_err(NodeError::Store)
}
