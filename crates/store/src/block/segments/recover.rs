//! Opening: finds out what survived, and brings index and segments together.

use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64};

use cairn_primitives::Multihash;
use parking_lot::{Mutex, RwLock};

use super::super::disk::overlay::OverlayDisk;
use super::super::disk::{ALIGN, Access, Disk, DiskFile, read_exact};
use super::super::traits::BlockError;
use super::engine::{Engine, Limits};
use super::files::Files;
use super::index::{self, Entry, Index, Owner, Rows, SegmentState, Unusable, failed};
use super::pending::Pending;
use super::reserve::Reserve;
use super::scan::{Found, scan};
use super::stage::Stage;
use super::writer::Writer;
use super::{Damage, OpenError, OpenReport, identity, record};

const LOCK: &str = "store.lock";
/// Entries that are brought to the index at a time.
const BATCH: usize = 64 << 10;

/// How many of the latest segments are written again when an index is made anew.
const DOUBTFUL: u32 = 4;

/// Writes the bytes of a stretch over themselves.
fn write_again(file: &dyn DiskFile, from: u64, to: u64) -> io::Result<()> {
    let mut buffer = vec![0; 1 << 20];
    let mut at = from;
    while at < to {
        let want = usize::try_from(to - at)
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        let read = file.read_at(at, buffer.get_mut(..want).unwrap_or_default())?;
        if read == 0 {
            break;
        }
        file.write_at(at, buffer.get(..read).unwrap_or_default())?;
        at += read as u64;
    }
    Ok(())
}

/// How a store is opened.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) limits: Limits,
    pub(super) read_only: bool,
    /// Bytes of the reserve.
    pub(super) reserve: u64,
    /// The id that a new store gets; for simulations.
    pub(super) fresh_id: Option<String>,
    /// Make the index anew though it could be used.
    pub(super) reindex: bool,
}

/// Told about bytes read and bytes in all, while an index is made.
pub(super) type OnProgress<'a> = &'a mut dyn FnMut(u64, u64);

fn io_error(action: &'static str) -> impl Fn(io::Error) -> OpenError {
    move |source| OpenError::Io { action, source }
}

fn store_error(error: BlockError) -> OpenError {
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
fn segments(disk: &dyn Disk) -> Result<Vec<u32>, OpenError> {
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

/// Opens a store.
pub(super) fn open(
    disk: Arc<dyn Disk>,
    plan: &Plan,
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
    if plan.read_only && known.is_none() {
        return Err(OpenError::Io {
            action: "read store.json of",
            source: io::ErrorKind::NotFound.into(),
        });
    }
    report.created = known.is_none();
    let mut owner = match known {
        Some(owner) => owner,
        None => {
            let store = match &plan.fresh_id {
                Some(id) => id.clone(),
                None => identity::fresh_id().map_err(io_error("make an id for"))?,
            };
            Owner {
                store,
                generation: 0,
            }
        }
    };
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
        Err(Unusable::Broken("it was asked to be made anew".to_owned()))
    } else {
        replay.usable(&reserve, &owner)
    };
    let (index, rows) = match usable {
        Ok((index, rows)) => {
            let done = replay.run(&index, rows, segments(&*disk)?);
            if index.suspect() {
                // What the file holds may not be what is on the disk: the next opening makes it anew.
                owner.generation += 1;
                identity::write(&*disk, &owner)?;
            }
            (index, done?)
        }
        Err(Unusable::Io(source)) => {
            return Err(OpenError::Io {
                action: "read the index of",
                source,
            });
        }
        Err(reason) => {
            if !replay.report.created {
                tracing::warn!(%reason, "the block index is made anew from the segments");
                replay.report.reindexed = Some(reason.to_string());
            }
            owner.generation += 1;
            let rows = replay.rebuild(&reserve, &owner)?;
            identity::write(&*disk, &owner)?;
            let index = Index::open(
                Arc::clone(&disk),
                plan.limits.cache,
                Arc::clone(&reserve),
                &owner,
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
    let engine = Engine {
        files: Files::new(Arc::clone(&disk), plan.limits.files),
        limits: plan.limits.clone(),
        owner,
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
        next_segment: AtomicU32::new(next_segment.max(last + 1)),
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
        free: Mutex::default(),
        disk,
    };
    engine.settle_segments(last).map_err(store_error)?;
    if !plan.read_only
        && let Err(error) = engine.reserve.fill()
    {
        tracing::warn!(%error, "cannot set the block store's reserve aside");
    }
    engine.sum(&engine.rows.lock());
    Ok((Arc::new(engine), report))
}

impl Engine {
    /// Removes what compactions left, and takes up the last segment if it can be gone on with; seals the others.
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

struct Replay<'a> {
    disk: &'a Arc<dyn Disk>,
    plan: &'a Plan,
    report: &'a mut OpenReport,
    progress: OnProgress<'a>,
    done: u64,
    total: u64,
}

impl Replay<'_> {
    /// Opens the index, and tells whether it fits the segments.
    fn usable(&self, reserve: &Arc<Reserve>, owner: &Owner) -> Result<(Index, Rows), Unusable> {
        let index = Index::open(
            Arc::clone(self.disk),
            self.plan.limits.cache,
            Arc::clone(reserve),
            owner,
        )?;
        let rows = index.rows().map_err(Unusable::from_block_error)?;
        for (number, row) in &rows {
            if row.blocks == 0 || matches!(row.state, SegmentState::Dropped | SegmentState::Copying)
            {
                continue;
            }
            let len = match self.disk.open(&record::path(*number), Access::Read, false) {
                Ok(file) => file.len().map_err(Unusable::Io)?,
                Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
                Err(error) => return Err(Unusable::Io(error)),
            };
            if len < row.end {
                return Err(Unusable::Broken(format!(
                    "it knows {} bytes of segment {number}, which has {len}",
                    row.end
                )));
            }
        }
        Ok((index, rows))
    }

    /// Makes the index anew.
    fn rebuild(&mut self, reserve: &Arc<Reserve>, owner: &Owner) -> Result<Rows, OpenError> {
        match self.disk.remove(index::FRESH) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(io_error("remove an old index of")(error));
            }
            _ => {}
        }
        let index = Index::create(
            Arc::clone(self.disk),
            index::FRESH,
            self.plan.limits.cache,
            Arc::clone(reserve),
            owner,
        )
        .map_err(store_error)?;
        let rows = self.run(&index, Rows::new(), segments(&**self.disk)?)?;
        drop(index);
        self.disk
            .rename(index::FRESH, index::PATH)
            .map_err(io_error("replace the index of"))?;
        self.disk
            .sync_dir("")
            .map_err(io_error("sync the folder of"))?;
        Ok(rows)
    }

    /// Brings what the segments have beyond the index to the index.
    fn run(&mut self, index: &Index, mut rows: Rows, numbers: Vec<u32>) -> Result<Rows, OpenError> {
        self.disk
            .sync_dir("segments")
            .map_err(io_error("sync the folder of"))?;
        let mut next = index.next().map_err(store_error)?;
        let mut tails = Vec::new();
        for number in numbers {
            let row = rows.get(&number).copied().unwrap_or_default();
            let path = record::path(number);
            match row.state {
                SegmentState::Dropped | SegmentState::Copying => continue,
                SegmentState::Sealed | SegmentState::Open => {}
            }
            let file = self
                .disk
                .open(&path, Access::Write, false)
                .map_err(io_error("open a segment of"))?;
            let len = file.len().map_err(io_error("open a segment of"))?;
            if row.state == SegmentState::Sealed {
                if len > row.end {
                    file.set_len(row.end)
                        .map_err(io_error("cut a segment of"))?;
                }
                continue;
            }
            if len > row.end || row == index::SegmentRow::default() {
                self.total += len - row.end.min(len);
                tails.push((number, file, row.end));
            }
        }
        let last = tails.last().map_or(0, |(number, ..)| *number);
        for (number, file, from) in tails {
            next.1 = next.1.max(number + 1);
            // When an index is made anew, only the latest segments can be in doubt.
            let doubtful = from > 0 || number.saturating_add(DOUBTFUL) > last;
            let rewrite = doubtful && !self.plan.read_only;
            self.tail(index, &mut rows, &mut next, number, &*file, from, rewrite)?;
        }
        Ok(rows)
    }

    /// Replays one segment from where the index knows it.
    #[expect(
        clippy::too_many_arguments,
        reason = "a step of `run`, and all of them are its own"
    )]
    fn tail(
        &mut self,
        index: &Index,
        rows: &mut Rows,
        next: &mut (u64, u32),
        number: u32,
        file: &dyn DiskFile,
        from: u64,
        rewrite: bool,
    ) -> Result<(), OpenError> {
        let reading = io_error("replay a segment of");
        let len = file.len().map_err(&reading)?;
        let (start, headed) = if from == 0 {
            self.start(file)?
        } else {
            (from, true)
        };
        // What a killed process wrote may be only in the system's memory, and what is indexed must be on the disk. If a
        // sync of that process has failed, the system takes those bytes for written, and a sync alone does nothing.
        if rewrite {
            write_again(file, from, len).map_err(io_error("sync a segment of"))?;
        }
        file.sync_data().map_err(io_error("sync a segment of"))?;
        let mut batch: Vec<(Multihash, Entry)> = Vec::new();
        let mut bad: Vec<Range<u64>> = if headed {
            Vec::new()
        } else {
            std::iter::once(0..start).collect()
        };
        let mut failure: Option<BlockError> = None;
        let mut found = 0u64;
        let (done, total) = (self.done, self.total);
        let progress = &mut self.progress;
        let end = scan(file, start, &mut |seen| {
            match seen {
                Found::Record { offset, head } => {
                    found += 1;
                    if head.cid.hash().identity_data().is_none() {
                        let entry = Entry {
                            id: next.0,
                            segment: number,
                            offset,
                            head: head.len,
                            data: head.data,
                        };
                        next.0 += 1;
                        batch.push((head.cid.hash().clone(), entry));
                    }
                    if batch.len() >= BATCH {
                        progress(done + offset - from, total);
                        if let Err(error) = flush(index, rows, &mut batch, *next, number, None) {
                            failure = Some(error);
                            return Err(io::ErrorKind::Interrupted.into());
                        }
                    }
                }
                Found::Bad(range) => bad.push(range),
            }
            Ok(())
        });
        if let Some(error) = failure {
            return Err(store_error(error));
        }
        let end = end.map_err(&reading)?;
        self.done += len - from.min(len);
        (self.progress)(self.done, self.total);
        self.report.replayed += found;
        if found == 0 && from == 0 {
            return self.empty(number, file, headed, end.torn);
        }
        if !headed && bad.first().is_some_and(|range| range.start == 0) && bad.len() > 1 {
            bad.remove(0);
        }
        for range in &bad {
            self.set_aside(number, file, range.clone())?;
        }
        let mut stop = end.end;
        if end.gave_up {
            // Something good may follow: keep it all, for a better search.
            self.set_aside(number, file, stop..len)?;
            stop = len;
        } else {
            if end.torn {
                tracing::warn!(
                    segment = number,
                    at = stop,
                    "an incomplete record is cut off"
                );
                self.report.cut.push((number, stop));
            }
            if len > stop {
                file.set_len(stop).map_err(io_error("cut a segment of"))?;
                file.sync_data().map_err(io_error("sync a segment of"))?;
            }
        }
        flush(
            index,
            rows,
            &mut batch,
            *next,
            number,
            Some((stop, !bad.is_empty() || end.gave_up)),
        )
        .map_err(store_error)
    }

    /// Where the first record of a segment begins, and whether there is a header.
    fn start(&self, file: &dyn DiskFile) -> Result<(u64, bool), OpenError> {
        let reading = io_error("replay a segment of");
        let mut front = vec![0; (1 << 16) + 16];
        let read = file.read_at(0, &mut front).map_err(reading)?;
        front.truncate(read);
        Ok(record::header_len(&front).map_or((0, false), |len| (len, true)))
    }

    /// Does away with a segment that has no record.
    fn empty(
        &mut self,
        number: u32,
        file: &dyn DiskFile,
        headed: bool,
        torn: bool,
    ) -> Result<(), OpenError> {
        let path = record::path(number);
        let gone = if headed || !torn || file.len().map_err(io_error("replay a segment of"))? == 0 {
            // Created shortly before a crash: nothing in it was ever answered.
            self.disk.remove(&path)
        } else {
            let aside = format!("segments/damaged/{number:08}.car");
            tracing::error!(segment = number, file = %aside, "a file without a single record is set aside");
            self.report.damaged.push(Damage {
                segment: number,
                bytes: 0..file.len().unwrap_or(0),
                copy: aside.clone(),
            });
            self.disk.rename(&path, &aside)
        };
        gone.map_err(io_error("set a segment aside of"))?;
        self.disk
            .sync_dir("segments")
            .map_err(io_error("sync the folder of"))
    }

    /// Copies damaged bytes to a file of their own.
    fn set_aside(
        &mut self,
        number: u32,
        file: &dyn DiskFile,
        range: Range<u64>,
    ) -> Result<(), OpenError> {
        let writing = io_error("set damaged bytes aside of");
        let copy = format!("segments/damaged/{number:08}-{:012}.bin", range.start);
        tracing::error!(segment = number, from = range.start, to = range.end, file = %copy, "damaged bytes are set aside");
        let to = match self.disk.open(&copy, Access::Create, false) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                self.disk.open(&copy, Access::Write, false)
            }
            other => other,
        }
        .map_err(&writing)?;
        let mut buffer = vec![0; 1 << 20];
        let mut at = range.start;
        while at < range.end {
            let want = usize::try_from(range.end - at)
                .unwrap_or(usize::MAX)
                .min(buffer.len());
            let read = file
                .read_at(at, buffer.get_mut(..want).unwrap_or_default())
                .map_err(&writing)?;
            if read == 0 {
                break;
            }
            to.write_at(at - range.start, buffer.get(..read).unwrap_or_default())
                .map_err(&writing)?;
            at += read as u64;
        }
        to.sync_data().map_err(&writing)?;
        self.disk.sync_dir("segments/damaged").map_err(&writing)?;
        self.report.damaged.push(Damage {
            segment: number,
            bytes: range,
            copy,
        });
        Ok(())
    }
}

/// Brings replayed entries to the index. A key that is there already keeps its entry: this record is an older or a
/// spare copy.
fn flush(
    index: &Index,
    rows: &mut Rows,
    batch: &mut Vec<(Multihash, Entry)>,
    next: (u64, u32),
    number: u32,
    done: Option<(u64, bool)>,
) -> Result<(), BlockError> {
    let end = batch.iter().map(|(_, entry)| entry.end()).max();
    batch.sort_by(|(a, _), (b, _)| a.as_bytes().cmp(b.as_bytes()));
    let mut fresh = rows.clone();
    index.write("index", |transaction| {
        index::insert(
            transaction,
            batch.iter().map(|(key, entry)| (key.as_bytes(), *entry)),
            &mut fresh,
            true,
        )?;
        let row = fresh.entry(number).or_default();
        row.end = row.end.max(end.unwrap_or(0));
        if let Some((stop, damaged)) = done {
            row.end = stop;
            row.damaged |= damaged;
        }
        index::write_rows(transaction, rows, &fresh, next)
    })?;
    *rows = fresh;
    batch.clear();
    Ok(())
}
