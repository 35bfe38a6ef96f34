//! Opens the parts of a repository.

use std::path::Path;
use std::sync::Arc;

use cairn_store::BlockCollector as _;
use cairn_store::BlockStore;
use cairn_store::block::segments::{OpenError, OpenReport, Options, SegmentStore};
use cairn_store::block::{Filestore, FilestoreOptions};
use cairn_store::meta::{RowError, Rows, RowsLocation, SqliteRows};

use crate::config::Config;
use crate::config::sections::Datastore;
use crate::error::NodeError;
use crate::repo::{Access, RepoError};

pub(crate) fn store_error(path: &Path, source: OpenError) -> NodeError {
    NodeError::OpenStore {
        path: path.to_owned(),
        repairable: matches!(
            source,
            OpenError::Identity { .. } | OpenError::IdentityMissing | OpenError::SegmentsMissing
        ),
        source: Arc::new(source),
    }
}

/// Opens the block store of a repository; creates it if it is missing and the repository is writable.
pub(crate) fn open_store(
    path: &Path,
    access: Access,
    config: &Datastore,
) -> Result<(Arc<SegmentStore>, OpenReport), NodeError> {
    let options = Options {
        read_only: access == Access::ReadOnly,
        verify_reads: config.hash_on_read,
        warm_writes: config.warm_writes.unwrap_or(true),
        ..Options::default()
    };
    let (store, report) =
        SegmentStore::open(path, options).map_err(|source| store_error(path, source))?;
    log_repairs(&report);
    Ok((store, report))
}

/// Logs what was repaired when the store was opened.
fn log_repairs(report: &OpenReport) {
    if let Some(reason) = &report.reindexed {
        tracing::warn!(
            reason,
            "the block index was rebuilt: recently removed blocks may be back until the next collection"
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
            "part of a segment is damaged and was copied aside: run `cairn repo verify`"
        );
    }
    for lost in &report.lost {
        tracing::error!(
            segment = lost.segment,
            blocks = lost.blocks,
            bytes = lost.bytes,
            "{} of the block store is gone: `cairn repo verify` lists its blocks",
            if lost.partly {
                "a part of a segment"
            } else {
                "a segment"
            }
        );
    }
    if report.lost_blocks > 0 {
        tracing::error!(
            blocks = report.lost_blocks,
            "blocks are missing because their segments were lost: `cairn repo verify` lists them"
        );
    }
    if report.replayed > 0 {
        tracing::debug!(records = report.replayed, "the block index was updated");
    }
}

/// Opens the rows of a repository; creates them if they are missing and the repository is writable.
///
/// Missing rows are only created for a store without blocks; rows of another store are refused.
pub(crate) fn open_rows(
    path: &Path,
    access: Access,
    store: &SegmentStore,
) -> Result<Arc<SqliteRows>, NodeError> {
    let rows_location = rows_location(path, store)?;
    if access == Access::ReadOnly {
        let rows = SqliteRows::open(path, true)?;
        let bound = rows.store_id()?;
        if bound.as_deref() != Some(rows_location.store.as_str()) {
            return Err(RowError::Other {
                path: path.to_owned(),
                found: bound.map_or_else(|| "no store".to_owned(), |id| format!("store {id}")),
                expected: format!("store {}", rows_location.store),
            }
            .into());
        }
        return Ok(rows);
    }
    // Databases need space to be opened.
    update_reserve(store);
    let rows = SqliteRows::open_with_store(&rows_location)?;
    if let Some(id) = rows.id() {
        store.set_rows(id).map_err(NodeError::Store)?;
    }
    Ok(rows)
}

/// Gives the store's reserve free while the disk is full. See [`SegmentStore::update_reserve`].
pub(crate) fn update_reserve(store: &SegmentStore) {
    if store.update_reserve() {
        tracing::error!(
            "the disk is full: the block store's reserve is used up; unpin content and collect garbage, or free space in another way"
        );
    }
}

/// The location of a store's rows, and what they must belong to.
pub(crate) fn rows_location(path: &Path, store: &SegmentStore) -> Result<RowsLocation, NodeError> {
    Ok(RowsLocation {
        path: path.to_owned(),
        disk: store.disk(),
        store: store.id(),
        rows: store.rows(),
        empty: store.stat().map_err(NodeError::Store)?.blocks == 0,
    })
}

/// Adds the filestore over the store if there are references or they are enabled.
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
    let options = FilestoreOptions::for_repository(repository, files, urls).map_err(|source| {
        RepoError::Io {
            action: "find",
            path: repository.to_owned(),
            source: Arc::new(source),
        }
    })?;
    Filestore::open(Arc::clone(store), rows.clone(), options)
        .map(Some)
        .map_err(NodeError::Store)
}
