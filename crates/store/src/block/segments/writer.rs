//! The writer: writes staged chunks to segments, and syncs once for all waiting callers before they continue.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use parking_lot::MutexGuard;
use tokio::sync::oneshot;

use super::super::disk::{ALIGN, Access, DiskFile};
use super::super::traits::BlockError;
use super::engine::Engine;
use super::index::failed;
use super::record;
use super::stage::{Chunk, Job};

/// Those that wait for durability, with the id that they wait for.
pub(super) type Waiters = Vec<(u64, oneshot::Sender<Result<(), BlockError>>)>;

/// The file of the active segment.
#[derive(Debug)]
struct OpenSegment {
    number: u32,
    file: Arc<dyn DiskFile>,
    /// The file's length.
    allocated: u64,
    /// Up to where the file was written, zeros included.
    written: u64,
    /// Whether its name is durable.
    named: bool,
    /// Where its last durable record ends; 0 without one.
    durable: u64,
    /// Where its last written record ends.
    end: u64,
}

/// What the writer knows.
#[derive(Debug, Default)]
pub(super) struct Writer {
    segment: Option<OpenSegment>,
    /// Bytes written since the last sync.
    unsynced: u64,
    /// Blocks up to this id are written.
    last_id: u64,
}

impl Writer {
    /// Takes up a segment that ends at `end`.
    pub(super) fn resume(&mut self, number: u32, file: Arc<dyn DiskFile>, end: u64) {
        self.segment = Some(OpenSegment {
            number,
            file,
            allocated: end,
            written: end,
            named: true,
            durable: end,
            end,
        });
    }
}

impl Engine {
    /// Asks for durability up to an id: `None` when it is there, else where the answer will come.
    pub(super) fn request(&self, id: u64) -> Option<oneshot::Receiver<Result<(), BlockError>>> {
        let answer = self.ask(id)?;
        self.to_write.raise();
        Some(answer)
    }

    /// As [`Engine::request`], and leaves it to the caller to see to it: by [`Engine::pump_with`], or by waking the writer.
    pub(super) fn ask(&self, id: u64) -> Option<oneshot::Receiver<Result<(), BlockError>>> {
        let mut waiters = self.waiters.lock();
        if id <= self.settled.load(Ordering::Acquire) {
            return None;
        }
        let (answer, wait) = oneshot::channel();
        if self.closed.load(Ordering::Acquire) {
            // Nobody would answer: what waits learns that at once.
            return Some(wait);
        }
        waiters.push((id, answer));
        drop(waiters);
        self.wanted.fetch_max(id, Ordering::AcqRel);
        Some(wait)
    }

    /// The writer, when nobody writes and no whole buffer waits: what is left is one small write and one sync.
    pub(super) fn idle_writer(&self) -> Option<MutexGuard<'_, Writer>> {
        let writer = self.writer.try_lock()?;
        self.stage.lock().jobs.is_empty().then_some(writer)
    }

    /// Makes blocks up to an id durable, on this thread.
    pub(super) fn settle(&self, id: u64) {
        self.wanted.fetch_max(id, Ordering::AcqRel);
        self.pump(id);
    }

    /// Writes what is staged, and syncs if someone waits. Returns when there is nothing to do, or when blocks up to
    /// `until` are durable.
    pub(super) fn pump(&self, until: u64) {
        self.pump_with(&mut self.writer.lock(), until);
    }

    /// As [`Engine::pump`], by whoever has the writer.
    pub(super) fn pump_with(&self, writer: &mut Writer, until: u64) {
        while self.settled.load(Ordering::Acquire) < until {
            let waited = self.wanted.load(Ordering::Acquire) > self.settled.load(Ordering::Acquire);
            let jobs = {
                let mut stage = self.stage.lock();
                if waited {
                    stage.cut_tail(self.limits.buffer);
                }
                std::mem::take(&mut stage.jobs)
            };
            if jobs.is_empty() && !waited {
                return;
            }
            let done = jobs
                .into_iter()
                .try_for_each(|job| self.perform(writer, job));
            let done = done.and_then(|()| {
                if waited || writer.unsynced > self.limits.unsynced {
                    self.sync_segment(writer)
                } else {
                    Ok(())
                }
            });
            if let Err(error) = done {
                self.poison(writer, error);
            }
        }
    }

    fn perform(&self, writer: &mut Writer, job: Job) -> io::Result<()> {
        match job {
            Job::Write(mut chunk) => {
                let done = self.write_chunk(writer, &mut chunk);
                self.stage
                    .lock()
                    .give_back(chunk.buffer, self.limits.buffer);
                done
            }
            Job::Seal { segment, len } => {
                self.sync_segment(writer)?;
                if let Some(open) = writer.segment.take_if(|open| open.number == segment) {
                    if open.allocated != len {
                        open.file.set_len(len)?;
                        open.file.sync_data()?;
                    }
                    self.pending.lock().close(segment, len);
                }
                Ok(())
            }
        }
    }

    fn write_chunk(&self, writer: &mut Writer, chunk: &mut Chunk) -> io::Result<()> {
        if writer
            .segment
            .as_ref()
            .is_none_or(|open| open.number != chunk.segment)
        {
            self.claim(chunk.segment)?;
            let file = self
                .disk
                .open(&record::path(chunk.segment), Access::Create, true)?;
            writer.segment = Some(OpenSegment {
                number: chunk.segment,
                file,
                allocated: 0,
                written: 0,
                named: false,
                durable: 0,
                end: 0,
            });
        }
        let Some(open) = writer.segment.as_mut() else {
            return Ok(());
        };
        let mut padded = chunk.len.next_multiple_of(ALIGN);
        if chunk.tail && chunk.base + padded as u64 > open.written {
            padded = (padded + self.limits.ahead).min(chunk.buffer.capacity());
        }
        let end = chunk.base + padded as u64;
        if end > open.allocated {
            let (least, most) = self.limits.grow;
            let allocated = end.next_multiple_of((end / 8).next_power_of_two().clamp(least, most));
            open.file.allocate(allocated)?;
            open.allocated = allocated;
        }
        let bytes = chunk.buffer.bytes_mut();
        if let Some(zeros) = bytes.get_mut(chunk.len..padded) {
            zeros.fill(0);
        }
        open.file
            .write_at(chunk.base, bytes.get(..padded).unwrap_or_default())?;
        open.written = open.written.max(end);
        open.end = chunk.base + chunk.len as u64;
        writer.unsynced += chunk.len as u64;
        self.warm.used();
        if self.limits.warm_writes && self.warm.written(chunk.segment, chunk.base, open.end) {
            self.to_warm.raise();
        }
        writer.last_id = chunk.last_id;
        self.pending.lock().set_written(chunk.last_id);
        Ok(())
    }

    /// Makes all that was written durable, and answers those who wait for it.
    fn sync_segment(&self, writer: &mut Writer) -> io::Result<()> {
        if writer.unsynced > 0
            && let Some(open) = writer.segment.as_mut()
        {
            open.file.sync_data()?;
            if !open.named {
                self.disk.sync_dir("segments")?;
                open.named = true;
            }
            open.durable = open.end;
            writer.unsynced = 0;
        }
        let mut waiters = self.waiters.lock();
        self.settled.fetch_max(writer.last_id, Ordering::AcqRel);
        let settled = self.settled.load(Ordering::Acquire);
        for (_, answer) in waiters.extract_if(.., |(id, _)| *id <= settled) {
            let _ = answer.send(Ok(()));
        }
        Ok(())
    }

    /// Gives the active segment up after a failure: what was not durable in it is lost, those who rely on it are told,
    /// and the next write begins a new segment. A failed sync is never repeated, because the system may have forgotten
    /// what it could not write.
    fn poison(&self, writer: &mut Writer, error: io::Error) {
        let error = self.explain(failed("write to", error), 0);
        tracing::error!(%error, segment = writer.segment.as_ref().map(|open| open.number), "a segment was abandoned");
        let settled = self.settled.load(Ordering::Acquire);
        let mut stage = self.stage.lock();
        stage.lose();
        let last_id = stage.last_id;
        let mut pending = self.pending.lock();
        pending.lose(settled);
        if let Some(open) = writer.segment.take() {
            // Even when nothing in it counts: what was lost may be in the file all the same, and must not come back after
            // somebody was told that it is gone.
            pending.close(open.number, open.durable);
        }
        drop(pending);
        self.holds
            .lose(settled + 1..last_id.max(settled) + 1, &error);
        drop(stage);
        writer.unsynced = 0;
        writer.last_id = last_id;
        let mut waiters = self.waiters.lock();
        self.settled.fetch_max(last_id, Ordering::AcqRel);
        for (_, answer) in waiters.drain(..) {
            let _ = answer.send(Err(error.clone()));
        }
    }

    /// Cuts the active segment to its length and ends it, so that on disk there are only CARs.
    pub(super) fn seal_active(&self) {
        self.stage.lock().seal(self.limits.buffer);
        self.settle(self.last_id());
        // Where all blocks were durable before, the seal itself is left.
        self.pump(u64::MAX);
    }

    /// Makes everything durable and cuts the active segment's file to its length: when the store is closed, every
    /// segment is a CAR. It is continued when the store is opened again.
    pub(super) fn rest(&self) {
        self.settle(self.last_id());
        let mut writer = self.writer.lock();
        if writer.unsynced == 0
            && let Some(open) = writer.segment.as_mut()
        {
            match open
                .file
                .set_len(open.end)
                .and_then(|()| open.file.sync_data())
            {
                Ok(()) => (open.allocated, open.written) = (open.end, open.end),
                Err(error) => tracing::warn!(%error, "cannot truncate the active segment"),
            }
        }
    }

    /// The active segment's file may be longer than what is in it, by this much.
    pub(super) fn active_slack(&self) -> u64 {
        self.writer
            .try_lock()
            .and_then(|writer| {
                writer
                    .segment
                    .as_ref()
                    .map(|open| open.allocated.saturating_sub(open.end))
            })
            .unwrap_or(0)
    }
}
