//! Staging: callers copy records into aligned buffers, which the writer writes.

use std::collections::VecDeque;
use std::sync::atomic::Ordering;

use cairn_primitives::Block;
use tokio::sync::oneshot;

use super::super::disk::{ALIGN, AlignedBuf};
use super::engine::Engine;
use super::record;

/// Buffers that exist at most, while no record is larger than one: one being filled, one being written, one between.
const BUFFERS: usize = 3;

/// Bytes to be written.
#[derive(Debug)]
pub(super) struct Chunk {
    pub(super) segment: u32,
    /// Where it goes in the file; a multiple of [`ALIGN`].
    pub(super) base: u64,
    pub(super) buffer: AlignedBuf,
    /// Bytes used.
    pub(super) len: usize,
    /// Id of the last block that is whole with this chunk.
    pub(super) last_id: u64,
    /// Whether the last sector is rewritten by the next chunk.
    pub(super) tail: bool,
}

/// Work for the writer, in order.
#[derive(Debug)]
pub(super) enum Job {
    Write(Chunk),
    /// The segment gets no more: cut it to its length.
    Seal {
        segment: u32,
        len: u64,
    },
}

/// The segment being appended to.
#[derive(Debug)]
struct Active {
    segment: u32,
    buffer: AlignedBuf,
    base: u64,
    len: usize,
    /// How much of the buffer is already in the file or in a job.
    sent: usize,
}

/// What was appended and not yet written.
#[derive(Debug, Default)]
pub(super) struct Stage {
    active: Option<Active>,
    /// Id of the last block.
    pub(super) last_id: u64,
    pub(super) jobs: VecDeque<Job>,
    free: Vec<AlignedBuf>,
    /// Buffers that are not in `free`.
    out: usize,
    pub(super) waiting: Vec<oneshot::Sender<()>>,
    scratch: Vec<u8>,
}

impl Stage {
    /// Nothing staged; the last block had this id.
    pub(super) fn from(last_id: u64) -> Self {
        Self {
            last_id,
            ..Self::default()
        }
    }

    /// Goes on at the end of a segment, whose last sector's bytes are given.
    pub(super) fn resume(&mut self, segment: u32, end: u64, sector: &[u8], capacity: usize) {
        let mut buffer = AlignedBuf::new(capacity);
        if let Some(to) = buffer.bytes_mut().get_mut(..sector.len()) {
            to.copy_from_slice(sector);
        }
        self.out += 1;
        self.active = Some(Active {
            segment,
            buffer,
            base: end - sector.len() as u64,
            len: sector.len(),
            sent: sector.len(),
        });
    }

    fn take_buffer(&mut self, capacity: usize) -> AlignedBuf {
        self.out += 1;
        match self.free.pop() {
            Some(buffer) if buffer.capacity() >= capacity => buffer,
            _ => AlignedBuf::new(capacity),
        }
    }

    /// Takes a written buffer back.
    pub(super) fn give_back(&mut self, buffer: AlignedBuf, capacity: usize) {
        self.out = self.out.saturating_sub(1);
        if buffer.capacity() == capacity.next_multiple_of(ALIGN) && self.free.len() < BUFFERS {
            self.free.push(buffer);
        }
        self.wake();
    }

    /// Lets those continue that wait for room.
    pub(super) fn wake(&mut self) {
        for waiting in self.waiting.drain(..) {
            let _ = waiting.send(());
        }
    }

    /// Sends what is staged, keeping the bytes of the last sector to be written again.
    fn cut(&mut self, capacity: usize, tail: bool) {
        let Some(active) = self.active.take() else {
            return;
        };
        let kept = active.len % ALIGN;
        let mut buffer = self.take_buffer(capacity.max(ALIGN));
        if let (Some(to), Some(from)) = (
            buffer.bytes_mut().get_mut(..kept),
            active.buffer.bytes().get(active.len - kept..active.len),
        ) {
            to.copy_from_slice(from);
        }
        let next = Active {
            segment: active.segment,
            buffer,
            base: active.base + (active.len - kept) as u64,
            len: kept,
            sent: kept,
        };
        self.jobs.push_back(Job::Write(Chunk {
            segment: active.segment,
            base: active.base,
            buffer: active.buffer,
            len: active.len,
            last_id: self.last_id,
            tail,
        }));
        self.active = Some(next);
    }

    /// Sends the tail, if any of it is not in the file.
    pub(super) fn cut_tail(&mut self, capacity: usize) {
        if self
            .active
            .as_ref()
            .is_some_and(|active| active.sent < active.len)
        {
            self.cut(capacity, true);
        }
    }

    /// Gets no more into the active segment.
    pub(super) fn seal(&mut self, capacity: usize) {
        self.cut_tail(capacity);
        if let Some(active) = self.active.take() {
            self.jobs.push_back(Job::Seal {
                segment: active.segment,
                len: active.base + active.len as u64,
            });
            self.give_back(active.buffer, capacity);
        }
    }

    /// The active segment.
    pub(super) fn active(&self) -> Option<u32> {
        self.active.as_ref().map(|active| active.segment)
    }

    /// Forgets everything staged: it was lost.
    pub(super) fn lose(&mut self) {
        self.active = None;
        self.jobs.clear();
        self.out = 0;
        self.wake();
    }

    /// Room for a record: true, or wait.
    pub(super) fn make_room(&mut self, engine: &Engine, total: usize) -> bool {
        let capacity = engine.limits.buffer;
        if self.active.as_ref().is_some_and(|active| {
            let len = active.base + active.len as u64;
            len + total as u64 > engine.limits.segment && len > engine.limits.segment / 2
        }) {
            self.seal(capacity);
        }
        let fits = self
            .active
            .as_ref()
            .is_some_and(|active| active.len + total <= active.buffer.capacity());
        if fits {
            return true;
        }
        if self.out >= BUFFERS || (self.out > 0 && total > capacity && !self.jobs.is_empty()) {
            return false;
        }
        let wanted = capacity.max(total + 2 * ALIGN);
        if self.active.is_some() {
            self.cut(wanted, false);
        } else {
            let segment = engine.next_segment.fetch_add(1, Ordering::AcqRel);
            let header = record::header(&engine.owner.store, segment);
            let mut buffer = self.take_buffer(wanted);
            if let Some(to) = buffer.bytes_mut().get_mut(..header.len()) {
                to.copy_from_slice(&header);
            }
            self.active = Some(Active {
                segment,
                buffer,
                base: 0,
                len: header.len(),
                sent: 0,
            });
        }
        true
    }

    /// Copies a record behind the others; returns its segment and where it begins.
    pub(super) fn append(&mut self, block: &Block) -> Option<(u32, u64, u8)> {
        let head = record::encode_front(&block.cid, block.data.len(), &mut self.scratch);
        let active = self.active.as_mut()?;
        let offset = active.base + active.len as u64;
        let middle = active.len + self.scratch.len();
        let end = middle + block.data.len();
        let room = active.buffer.bytes_mut();
        room.get_mut(active.len..middle)?
            .copy_from_slice(&self.scratch);
        room.get_mut(middle..end)?.copy_from_slice(&block.data);
        active.len = end;
        Some((active.segment, offset, head))
    }
}
