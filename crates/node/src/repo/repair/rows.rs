//! Restores the rows.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use cairn_primitives::{Cid, Codec, Multihash};
use cairn_store::block::Root;
use cairn_store::block::segments::SegmentStore;
use cairn_store::meta::{
    Pin, PinFilter, PinMode, PinOwner, RecoveredRows, RowError, Rows, SalvagedReferences,
    SqliteRows,
};
use cairn_store::{BlockReader as _, BlockStore};

use super::{Repaired, io_error, rows_path, set_aside};
use crate::config::Config;
use crate::durable;
use crate::error::NodeError;
use crate::parts::{open_filestore, rows_location};

/// Restores the rows.
pub(super) async fn restore_rows(
    path: &Path,
    store: &Arc<SegmentStore>,
    config: &Config,
    summary: &mut Repaired,
) -> Result<(), NodeError> {
    let file = rows_path(path);
    let mut references = None;
    let place = rows_location(&file, store)?;
    let opened = match SqliteRows::open_with_store(&place) {
        // Opening does not read every page.
        Ok(rows) => match rows.check() {
            Ok(()) => Ok(rows),
            Err(error) => {
                rows.close().await?;
                Err(error)
            }
        },
        refused => refused,
    };
    let rows = match opened {
        Ok(rows) => rows,
        Err(error @ (RowError::Newer { .. } | RowError::Journal { .. })) => {
            return Err(error.into());
        }
        Err(error) => {
            tracing::warn!(%error, "rebuilding the rows");
            references = Some(rebuild_rows(&file, store, summary)?);
            SqliteRows::open_with_store(&rows_location(&file, store)?)?
        }
    };
    if let Some(id) = rows.id() {
        store.set_rows(id).map_err(NodeError::Store)?;
    }
    let found = examine(path, store, &rows, config, references, summary);
    rows.close().await?;
    found
}

/// Reports what pins miss: of blocks, and of references to files.
fn examine(
    path: &Path,
    store: &Arc<SegmentStore>,
    rows: &Arc<SqliteRows>,
    config: &Config,
    references: Option<SalvagedReferences>,
    summary: &mut Repaired,
) -> Result<(), NodeError> {
    let below: Arc<dyn BlockStore> = store.clone();
    let shared: Arc<dyn Rows> = rows.clone();
    // Blocks in files are not missing.
    let files = open_filestore(&below, &shared, path, config)?;
    let whole: Arc<dyn BlockStore> = match files {
        Some(files) => files,
        None => below,
    };
    if references.is_some_and(|references| !references.whole) {
        summary
            .lost
            .extend(lost_references(&*whole, &**rows, config)?);
    }
    let unseen = cairn_dag::gc::incomplete(&*whole, &**rows, &AtomicBool::new(false))?;
    if unseen.count > 0 {
        summary.lost.push(format!(
            "Pins are not whole, and nothing will be collected: {unseen}."
        ));
    }
    Ok(())
}

/// What to say where references to files may be lost. Only the database has them, so the number of those that are lost is
/// unknown: what pins and the mutable file system miss are the blocks that matter.
fn lost_references(
    store: &dyn BlockStore,
    rows: &dyn Rows,
    config: &Config,
) -> Result<Option<String>, NodeError> {
    let mut roots = Vec::new();
    rows.pins(&PinFilter::default(), &mut |pin| {
        roots.push(Root {
            cid: pin.cid,
            recursive: pin.mode == PinMode::Recursive,
        });
        true
    })?;
    roots.extend(rows.mfs_root()?.map(|cid| Root {
        cid,
        recursive: true,
    }));
    let mut missing = 0_u64;
    let walked = store.walk(&roots, &mut |cid, present| {
        missing += u64::from(!present && cid.codec() == Codec::RAW);
        true
    });
    // What cannot be walked is reported with the pins.
    let least = if walked.is_err() { "at least " } else { "" };
    if missing > 0 {
        return Ok(Some(format!(
            "References to files (`add --nocopy`) are lost with `rows.sqlite`, because they are not in the pin journal: {least}{missing} \
             leaves that pins or the mutable file system need are missing. Add those files again with the same options."
        )));
    }
    Ok(config.experimental.filestore_enabled.then(|| {
        "References to files (`add --nocopy`) may be lost with `rows.sqlite`; no pin needs them.".to_owned()
    }))
}

/// Rebuilds the rows from the pin journal, or else from the blocks, and copies the references to files that the old database
/// still has.
fn rebuild_rows(
    file: &Path,
    store: &Arc<SegmentStore>,
    summary: &mut Repaired,
) -> Result<SalvagedReferences, NodeError> {
    let rescued = SqliteRows::rescue(&*store.disk(), &store.id())?;
    let gone = rescued.is_none();
    let mut kept = rescued.unwrap_or_default();
    if !gone {
        summary.done(format!(
            "Restored {} pins with their names from their journal.",
            kept.pins.len()
        ));
    }
    if kept.mfs_root.is_some() {
        summary.done("Restored the root of the mutable file system from the journal.");
    }
    if !kept.names.is_empty() {
        summary.done(format!(
            "Restored {} IPNS records from the journal.",
            kept.names.len()
        ));
    }
    if gone || kept.damaged {
        summary.lost.push(
            "IPNS records may be lost, or be outdated: where a name was published before, publish it again with \
             `--sequence` and a number above the last one."
                .to_owned(),
        );
        let before = kept.pins.len();
        add_pins_of_unlinked(store, &mut kept)?;
        summary.done(format!(
            "The pin journal is {}: {} blocks that no other block links to were pinned. Remove the pins that you do not need: \
             `cairn pin rm`.",
            if gone { "missing" } else { "damaged" },
            kept.pins.len() - before
        ));
        summary.lost.push(
            if kept.mfs_root.is_some() {
                "The mutable file system may be outdated."
            } else {
                "The mutable file system is lost. Its content is among the pinned blocks: `cairn files cp /ipfs/CID /NAME` restores it."
            }
            .to_owned(),
        );
    }
    let fresh = file.with_extension("sqlite.new");
    for name in with_logs(&fresh) {
        match std::fs::remove_file(&name) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(io_error("remove", &name, error).into());
            }
            _ => {}
        }
    }
    let (id, references) = SqliteRows::make(&fresh, &store.id(), &kept, file)?;
    // From here on only these rows belong to the store.
    store.set_rows(&id).map_err(NodeError::Store)?;
    let mut old = None;
    for name in with_logs(file) {
        let moved = set_aside(&name)?;
        old = old.or(moved);
    }
    std::fs::rename(&fresh, file).map_err(|error| io_error("write", file, error))?;
    durable::sync_folder(file).map_err(|error| io_error("write", file, error))?;
    summary.done(match old {
        Some(old) => format!("Rebuilt `rows.sqlite`; the old file is `{old}`."),
        None => "Rebuilt `rows.sqlite`.".to_owned(),
    });
    if references.references > 0 {
        summary.done(format!(
            "Restored {} references to {} files from the old `rows.sqlite`{}.",
            references.references,
            references.files,
            if references.whole {
                ""
            } else {
                ", of which a part could not be read"
            }
        ));
    }
    Ok(references)
}

/// Adds the pins of [`pins_of_unlinked`] whose blocks have none.
fn add_pins_of_unlinked(
    store: &Arc<SegmentStore>,
    kept: &mut RecoveredRows,
) -> Result<(), NodeError> {
    let have: HashSet<Multihash> = kept.pins.iter().map(|pin| pin.cid.hash().clone()).collect();
    let roots = pins_of_unlinked(store)?.into_iter();
    kept.pins
        .extend(roots.filter(|pin| !have.contains(pin.cid.hash())));
    Ok(())
}

/// A database and the files that SQLite puts beside it.
fn with_logs(file: &Path) -> [PathBuf; 3] {
    ["", "-wal", "-shm"].map(|end| {
        let mut name = file.as_os_str().to_owned();
        name.push(end);
        PathBuf::from(name)
    })
}

/// A pin for every block that no other block links to.
fn pins_of_unlinked(store: &Arc<SegmentStore>) -> Result<Vec<Pin>, NodeError> {
    let mut cids: Vec<Cid> = Vec::new();
    store
        .cids(&mut |cid| {
            cids.push(cid);
            true
        })
        .map_err(NodeError::Store)?;
    let mut linked: HashSet<Multihash> = HashSet::new();
    let mut unreadable: HashSet<Cid> = HashSet::new();
    for cid in cids.iter().filter(|cid| cid.codec() != Codec::RAW) {
        match store.links_blocking(cid) {
            Ok(links) => linked.extend(
                links
                    .iter()
                    .flat_map(|links| links.iter())
                    .map(|link| link.hash().clone()),
            ),
            Err(_) => drop(unreadable.insert(cid.clone())),
        }
    }
    Ok(cids
        .into_iter()
        .filter(|cid| !linked.contains(cid.hash()))
        .map(|cid| Pin {
            // An incomplete pin would stop every collection.
            mode: if unreadable.contains(&cid) {
                PinMode::Direct
            } else {
                PinMode::Recursive
            },
            cid,
            name: String::new(),
            owner: PinOwner::User,
        })
        .collect())
}
