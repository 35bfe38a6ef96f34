//! Opening: recovers from crashes, and reconciles index and segments.

use std::collections::HashSet;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64};

use parking_lot::{Mutex, RwLock};

use super::super::disk::overlay::OverlayDisk;
use super::super::disk::{ALIGN, Access, Disk, read_exact};
use super::super::traits::BlockError;
use super::engine::{Engine, Limits};
use super::entry::SegmentState;
use super::files::Files;
use super::identity::StoreCard;
use super::index::{Index, IndexFault, IndexOwner, failed};
use super::options::{OpenError, OpenReport};
use super::pending::Pending;
use super::recent::Recent;
use super::replay::Replay;
use super::reserve::Reserve;
use super::stage::Stage;
use super::writer::Writer;
use super::{identity, lost, record};

pub(super) const LOCK: &str = "store.lock";

/// Options for opening a store.
#[derive(Clone, Debug)]
pub(super) struct OpenPlan {
    pub(super) limits: Limits,
    pub(super) read_only: bool,
    /// Bytes of the reserve.
    pub(super) reserve: u64,
    /// The id that a new store gets; for simulations.
    pub(super) fresh_id: Option<String>,
    /// Make the index again though it could be used.
    pub(super) reindex: bool,
}

/// Called with bytes read and total bytes while an index is built.
pub(super) type OnProgress<'a> = &'a mut dyn FnMut(u64, u64);

/// A failure of the disk while the store is opened.
pub(super) fn io_error(action: &'static str) -> impl Fn(io::Error) -> OpenError {
    move |source| OpenError::Io { action, source }
}

/// A failure of the store while it is opened.
pub(super) fn store_error(error: BlockError) -> OpenError {
    match error {
        BlockError::Io { action, source } => OpenError::Io {
            action,
            source: io::Error::new(source.kind(), source),
        },
        BlockError::Full { .. } => OpenError::Io {
            action: "write to",
            source: io::ErrorKind::StorageFull.into(),
        },
        other => OpenError::Io {
            action: "open",
            source: io::Error::other(other),
        },
    }
}

/// The segments that are there, in order.
pub(super) fn segments(disk: &dyn Disk) -> Result<Vec<u32>, OpenError> {
    let names = match disk.list("segments") {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        other => other.map_err(io_error("list the segments of"))?,
    };
    let mut numbers: Vec<u32> = names
        .iter()
        .filter_map(|name| record::number(name))
        .collect();
    numbers.sort_unstable();
    Ok(numbers)
}

/// Whether a folder is not there.
pub(super) fn is_missing(disk: &dyn Disk, folder: &str) -> Result<bool, OpenError> {
    match disk.list(folder) {
        Ok(_) => Ok(false),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(io_error("look into")(error)),
    }
}

/// Opens a store. Damage to the index that shows only while it is read has the index rebuilt, as if it had shown at once.
pub(super) fn open(
    disk: Arc<dyn Disk>,
    plan: &OpenPlan,
    progress: OnProgress<'_>,
) -> Result<(Arc<Engine>, OpenReport), OpenError> {
    match open_once(Arc::clone(&disk), plan, progress) {
        Err(OpenError::Io { source, .. })
            if source.kind() == io::ErrorKind::InvalidData && !plan.reindex =>
        {
            tracing::warn!(reason = %source, "the block index is rebuilt from the segments");
            let plan = OpenPlan {
                reindex: true,
                ..plan.clone()
            };
            let (engine, mut report) = open_once(disk, &plan, progress)?;
            report.reindexed = Some(source.to_string());
            Ok((engine, report))
        }
        other => other,
    }
}

fn open_once(
    disk: Arc<dyn Disk>,
    plan: &OpenPlan,
    progress: OnProgress<'_>,
) -> Result<(Arc<Engine>, OpenReport), OpenError> {
    let lock = match disk.lock(LOCK, plan.read_only) {
        Ok(Some(lock)) => Some(lock),
        Ok(None) => return Err(OpenError::InUse),
        Err(error) if plan.read_only && error.kind() == io::ErrorKind::PermissionDenied => None,
        Err(source) => {
            return Err(OpenError::Io {
                action: "lock",
                source,
            });
        }
    };
    let disk: Arc<dyn Disk> = if plan.read_only {
        Arc::new(OverlayDisk::new(disk))
    } else {
        disk
    };
    let mut report = OpenReport::default();
    let known = identity::read(&*disk)?;
    // A part that is missing is never taken for a store that is new.
    if known.is_none() && identity::has_remains(&*disk)? {
        return Err(OpenError::IdentityMissing);
    }
    if plan.read_only && known.is_none() {
        return Err(OpenError::Io {
            action: "read store.json of",
            source: io::ErrorKind::NotFound.into(),
        });
    }
    report.created = known.is_none();
    if let Some(card) = &known
        && card.segments > 0
        && !plan.reindex
        && is_missing(&*disk, "segments")?
    {
        return Err(OpenError::SegmentsMissing);
    }
    let mut card = match known {
        Some(card) => card,
        None => {
            let store = match &plan.fresh_id {
                Some(id) => id.clone(),
                None => identity::fresh_id().map_err(io_error("make an id for"))?,
            };
            StoreCard {
                owner: IndexOwner {
                    store,
                    generation: 0,
                },
                segments: 0,
                rows: None,
            }
        }
    };
    if report.created {
        // First of all: whatever is there without it is what is left of a store.
        identity::write(&*disk, &card)?;
    }
    disk.make_dir("segments")
        .map_err(io_error("make a folder of"))?;
    disk.make_dir("segments/damaged")
        .map_err(io_error("make a folder of"))?;
    disk.sync_dir("").map_err(io_error("sync the folder of"))?;
    let reserve = Arc::new(Reserve::new(
        Arc::clone(&disk),
        if plan.read_only { 0 } else { plan.reserve },
    ));

    let mut replay = Replay {
        disk: &disk,
        plan,
        report: &mut report,
        progress,
        done: 0,
        total: 0,
    };
    let usable = if plan.reindex {
        Err(IndexFault::Broken("a rebuild was requested".to_owned()))
    } else {
        replay.usable(&reserve, &card.owner)
    };
    let (index, rows) = match usable {
        Ok((index, mut rows)) => {
            let short = lost::shortened(&**replay.disk, &rows)
                .map_err(io_error("look at the segments of"))?;
            if !short.is_empty() {
                replay.report.lost = lost::give_up(&**replay.disk, &index, &mut rows, &short)
                    .map_err(store_error)?;
            }
            let done = replay.run(&index, rows, segments(&*disk)?);
            if index.must_rebuild() {
                // What the file holds may not be what is on the disk: the next opening rebuilds it.
                card.owner.generation += 1;
                identity::write(&*disk, &card)?;
            }
            (index, done?)
        }
        Err(IndexFault::Io(source)) => {
            return Err(OpenError::Io {
                action: "read the index of",
                source,
            });
        }
        Err(reason) => {
            if !replay.report.created {
                tracing::warn!(%reason, "rebuilding the block index from the segments");
                replay.report.reindexed = Some(reason.to_string());
            }
            card.owner.generation += 1;
            let rows = replay.rebuild(&reserve, &card.owner)?;
            identity::write(&*disk, &card)?;
            let index = Index::open(
                Arc::clone(&disk),
                plan.limits.cache,
                Arc::clone(&reserve),
                &card.owner,
            )
            .map_err(|error| OpenError::Io {
                action: "open the index of",
                source: io::Error::other(error),
            })?;
            (index, rows)
        }
    };

    let (next_id, next_segment) = index.next().map_err(store_error)?;
    let numbers = segments(&*disk)?;
    let last = numbers
        .last()
        .copied()
        .unwrap_or(0)
        .max(rows.keys().next_back().copied().unwrap_or(0));
    let listed = lost::read(&*disk).map_err(io_error("read the lost blocks of"))?;
    let claimed = card.segments;
    let engine = Engine {
        files: Files::new(Arc::clone(&disk), plan.limits.files),
        limits: plan.limits.clone(),
        owner: card.owner.clone(),
        card: Mutex::new(card),
        lost: Mutex::new(listed),
        read_only: plan.read_only,
        index,
        reserve,
        holds: Arc::default(),
        rows: Mutex::new(rows),
        sums: Mutex::default(),
        gate: RwLock::default(),
        epoch: AtomicU64::new(0),
        stage: Mutex::new(Stage::from(next_id - 1)),
        pending: Mutex::new(Pending::default()),
        next_id: AtomicU64::new(next_id),
        next_segment: AtomicU32::new(next_segment.max(last + 1).max(claimed)),
        writer: Mutex::new(Writer::default()),
        waiters: Mutex::default(),
        settled: AtomicU64::new(next_id - 1),
        wanted: AtomicU64::new(next_id - 1),
        collecting: Mutex::new(()),
        condemned: Mutex::new(false),
        closed: AtomicBool::new(false),
        lock: Mutex::new(lock),
        to_write: Default::default(),
        to_index: Default::default(),
        to_warm: Default::default(),
        warm: Default::default(),
        recent: Recent::new(plan.limits.recent),
        damaged: Default::default(),
        free: Mutex::default(),
        disk,
    };
    engine.settle_segments(last).map_err(store_error)?;
    if !plan.read_only
        && let Err(error) = engine.reserve.fill()
    {
        tracing::warn!(%error, "cannot create the reserve file of the block store");
    }
    engine.find_lost(&HashSet::new()).map_err(store_error)?;
    report.lost_blocks = engine.lost.lock().len() as u64;
    engine.sum(&engine.rows.lock());
    Ok((Arc::new(engine), report))
}

impl Engine {
    /// Removes what compactions left, and takes up the last segment if it can be continued; seals the others.
    fn settle_segments(&self, last: u32) -> Result<(), BlockError> {
        let mut rows = self.rows.lock();
        let open: Vec<u32> = rows
            .iter()
            .filter(|(_, row)| row.state == SegmentState::Open)
            .map(|(number, _)| *number)
            .collect();
        let dropped: Vec<u32> = rows
            .iter()
            .filter(|(_, row)| {
                let given_up = row.state == SegmentState::Sealed && row.end == 0;
                given_up || matches!(row.state, SegmentState::Dropped | SegmentState::Copying)
            })
            .map(|(number, _)| *number)
            .collect();
        let resumed = rows.get(&last).copied().filter(|row| {
            row.state == SegmentState::Open
                && !row.damaged
                && row.end > 0
                && row.end < self.limits.segment / 2
                && !self.read_only
        });
        let sealed: Vec<u32> = open
            .into_iter()
            .filter(|number| resumed.is_none() || *number != last)
            .collect();
        if !sealed.is_empty() {
            self.change(&mut rows, "seal a segment of", |_, rows| {
                for number in &sealed {
                    if let Some(row) = rows.get_mut(number) {
                        row.state = SegmentState::Sealed;
                    }
                }
                Ok(())
            })?;
        }
        drop(rows);
        self.unlink(&dropped)?;
        if let Some(row) = resumed {
            let file = self
                .disk
                .open(&record::path(last), Access::Write, true)
                .map_err(|error| failed("open a segment of", error))?;
            let mut sector = vec![0; usize::try_from(row.end % ALIGN as u64).unwrap_or(0)];
            read_exact(&*file, row.end - sector.len() as u64, &mut sector)
                .map_err(|error| failed("read", error))?;
            self.stage
                .lock()
                .resume(last, row.end, &sector, self.limits.buffer);
            self.writer.lock().resume(last, file, row.end);
        }
        Ok(())
    }
}
