//! Replays segments: the records that the index lacks, or all of them when it is rebuilt.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use cairn_primitives::Multihash;

use super::super::disk::{Access, Disk, DiskFile};
use super::super::traits::BlockError;
use super::entry::{Entry, Rows, SegmentRow, SegmentState};
use super::index::{self, Index, IndexFault, IndexOwner};
use super::options::{Damage, OpenError, OpenReport};
use super::recover::{OnProgress, OpenPlan, io_error, segments, store_error};
use super::reserve::Reserve;
use super::scan::{ScanItem, scan};
use super::{record, shrink};

/// Entries that are brought to the index at a time.
const BATCH: usize = 64 << 10;

/// How many of the latest segments are written again when an index is rebuilt.
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

pub(super) struct Replay<'a> {
    pub(super) disk: &'a Arc<dyn Disk>,
    pub(super) plan: &'a OpenPlan,
    pub(super) report: &'a mut OpenReport,
    pub(super) progress: OnProgress<'a>,
    pub(super) done: u64,
    pub(super) total: u64,
}

impl Replay<'_> {
    /// Opens the index, and tells whether it fits the segments.
    pub(super) fn usable(
        &self,
        reserve: &Arc<Reserve>,
        owner: &IndexOwner,
    ) -> Result<(Index, Rows), IndexFault> {
        let index = Index::open(
            Arc::clone(self.disk),
            self.plan.limits.cache,
            Arc::clone(reserve),
            owner,
        )?;
        let rows = index.rows().map_err(IndexFault::from_block_error)?;
        Ok((index, rows))
    }

    /// Makes the index again.
    pub(super) fn rebuild(
        &mut self,
        reserve: &Arc<Reserve>,
        owner: &IndexOwner,
    ) -> Result<Rows, OpenError> {
        match self.disk.remove(shrink::FRESH) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(io_error("remove an old index of")(error));
            }
            _ => {}
        }
        let index = Index::create(
            Arc::clone(self.disk),
            shrink::FRESH,
            self.plan.limits.cache,
            Arc::clone(reserve),
            owner,
        )
        .map_err(store_error)?;
        let rows = self.run(&index, Rows::new(), segments(&**self.disk)?)?;
        drop(index);
        self.disk
            .rename(shrink::FRESH, index::PATH)
            .map_err(io_error("replace the index of"))?;
        self.disk
            .sync_dir("")
            .map_err(io_error("sync the folder of"))?;
        Ok(rows)
    }

    /// Brings what the segments have beyond the index to the index.
    pub(super) fn run(
        &mut self,
        index: &Index,
        mut rows: Rows,
        numbers: Vec<u32>,
    ) -> Result<Rows, OpenError> {
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
            if len > row.end || row == SegmentRow::default() {
                self.total += len - row.end.min(len);
                tails.push((number, file, row.end));
            }
        }
        let last = tails.last().map_or(0, |(number, ..)| *number);
        for (number, file, from) in tails {
            next.1 = next.1.max(number + 1);
            // When an index is rebuilt, only the latest segments can be in doubt.
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
                ScanItem::Record {
                    offset,
                    head,
                    check,
                } => {
                    found += 1;
                    if head.cid.hash().identity_data().is_none() {
                        let entry = Entry {
                            id: next.0,
                            segment: number,
                            offset,
                            head: head.len,
                            data: head.data,
                            check: Some(check),
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
                ScanItem::Bad(range) => bad.push(range),
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
            tracing::error!(segment = number, file = %aside, "a segment without any record was moved aside");
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
        tracing::error!(segment = number, from = range.start, to = range.end, file = %copy, "damaged bytes were copied aside");
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
