//! Restores the rows.

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use cairn_primitives::{Cid, Codec, Multihash};
use cairn_store::BlockReader as _;
use cairn_store::BlockStore as _;
use cairn_store::block::segments::SegmentStore;
use cairn_store::meta::{Pin, PinMode, RecoveredRows, RowError, Rows as _, SqliteRows};

use super::{Repaired, set_aside};
use crate::durable;
use crate::error::NodeError;
use crate::parts::rows_location;
use crate::repo::{io_error, rows_path};

/// Restores the rows.
pub(super) async fn restore(
    path: &Path,
    store: &Arc<SegmentStore>,
    summary: &mut Repaired,
) -> Result<(), NodeError> {
    let file = rows_path(path);
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
            rebuild(&file, store, summary)?;
            SqliteRows::open_with_store(&rows_location(&file, store)?)?
        }
    };
    if let Some(id) = rows.id() {
        store.set_rows(id).map_err(NodeError::Store)?;
    }
    let unseen = cairn_dag::gc::incomplete(&**store, &*rows, &AtomicBool::new(false));
    rows.close().await?;
    let unseen = unseen?;
    if unseen.count > 0 {
        summary.lost.push(format!(
            "Pins are not whole, and nothing will be collected: {unseen}."
        ));
    }
    Ok(())
}

/// Rebuilds the rows from the pin journal, or else from the blocks.
fn rebuild(
    file: &Path,
    store: &Arc<SegmentStore>,
    summary: &mut Repaired,
) -> Result<(), NodeError> {
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
    let id = SqliteRows::make(&fresh, &store.id(), &kept)?;
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
    summary.lost.push(
        "References to files of the filestore, if there were any, are not in the pin journal: add those files again."
            .to_owned(),
    );
    Ok(())
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
        })
        .collect())
}
