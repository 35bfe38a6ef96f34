//! Copies blocks from one segment to a new one.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use cairn_primitives::{Codec, Multihash};

use super::super::disk::{ALIGN, Access, AlignedBuf, DiskFile};
use super::super::traits::BlockError;
use super::engine::Engine;
use super::entry::{Entry, SegmentRow, SegmentState, checksum};
use super::index::{self, BLOCKS, broken, failed};
use super::record::{self, RecordStart};

/// Bytes of staging for the copy, at most.
const BUFFER: usize = 4 << 20;

/// A segment that a compaction fills.
struct Copy {
    number: u32,
    file: Arc<dyn DiskFile>,
    buffer: AlignedBuf,
    base: u64,
    len: usize,
}

impl Copy {
    fn end(&self) -> u64 {
        self.base + self.len as u64
    }

    fn append(&mut self, mut bytes: &[u8]) -> io::Result<u64> {
        let at = self.end();
        while !bytes.is_empty() {
            let room = self.buffer.capacity() - self.len;
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            if let Some(to) = self
                .buffer
                .bytes_mut()
                .get_mut(self.len..self.len + now.len())
            {
                to.copy_from_slice(now);
            }
            self.len += now.len();
            bytes = later;
            if self.len == self.buffer.capacity() {
                self.file.write_at(self.base, self.buffer.bytes())?;
                self.base += self.len as u64;
                self.len = 0;
            }
        }
        Ok(at)
    }

    /// Makes what was appended durable, at its exact length.
    fn finish(&mut self) -> io::Result<()> {
        let end = self.end();
        let padded = self.len.next_multiple_of(ALIGN);
        if let Some(zeros) = self.buffer.bytes_mut().get_mut(self.len..padded) {
            zeros.fill(0);
        }
        self.file.write_at(
            self.base,
            self.buffer.bytes().get(..padded).unwrap_or_default(),
        )?;
        self.file.set_len(end)?;
        self.file.sync_data()
    }
}

/// One block that moves.
struct Move {
    key: Multihash,
    from: Entry,
    to: Entry,
}

impl Engine {
    /// Moves blocks of one segment to a new one. With `cut`, the old segment ends there afterwards.
    pub(super) fn move_blocks(
        &self,
        from: u32,
        group: Vec<(Multihash, Entry)>,
        cut: Option<u64>,
    ) -> Result<(), BlockError> {
        let number = self.next_segment.fetch_add(1, Ordering::AcqRel);
        {
            // The row comes first: without it, a file found after a crash would be replayed as new.
            let mut rows = self.rows.lock();
            self.change(&mut rows, "begin a copy in", |_, rows| {
                rows.insert(
                    number,
                    SegmentRow {
                        state: SegmentState::Copying,
                        ..SegmentRow::default()
                    },
                );
                Ok(())
            })?;
        }
        let copied = self
            .copy_blocks(number, from, group)
            .and_then(|(moves, end)| self.switch(number, from, &moves, end, cut));
        if let Err(error) = copied {
            let dropped = {
                let mut rows = self.rows.lock();
                // The switch may have been made although it failed.
                let copying = rows
                    .get(&number)
                    .is_some_and(|row| row.state == SegmentState::Copying);
                copying
                    && self
                        .change(&mut rows, "drop a copy in", |_, rows| {
                            rows.insert(
                                number,
                                SegmentRow {
                                    state: SegmentState::Dropped,
                                    ..SegmentRow::default()
                                },
                            );
                            Ok(())
                        })
                        .is_ok()
            };
            if dropped {
                self.unlink(&[number])?;
            }
            return Err(error);
        }
        if let Some(end) = cut {
            let file = self
                .disk
                .open(&record::path(from), Access::Write, false)
                .map_err(|error| failed("cut a segment of", error))?;
            file.set_len(end)
                .map_err(|error| failed("cut a segment of", error))?;
        }
        Ok(())
    }

    fn copy_blocks(
        &self,
        number: u32,
        from: u32,
        group: Vec<(Multihash, Entry)>,
    ) -> Result<(Vec<Move>, u64), BlockError> {
        let source = self
            .files
            .get(from)
            .map_err(|error| failed("open a segment of", error))?;
        let write = |error| failed("copy a segment of", error);
        self.claim(number).map_err(write)?;
        let file = self
            .disk
            .open(&record::path(number), Access::Create, true)
            .map_err(write)?;
        let mut copy = Copy {
            number,
            file,
            buffer: AlignedBuf::new(BUFFER.min(self.limits.buffer)),
            base: 0,
            len: 0,
        };
        copy.append(&record::header(&self.owner.store, number))
            .map_err(write)?;
        let mut moves = Vec::with_capacity(group.len());
        let mut bytes = Vec::new();
        for (key, entry) in group {
            let total = usize::try_from(entry.total()).map_err(broken)?;
            bytes.resize(total, 0);
            let read = source
                .read_at(entry.offset, &mut bytes)
                .map_err(|error| failed("read", error))?;
            let data = bytes.get(usize::from(entry.head)..).unwrap_or_default();
            let whole = read == total
                && matches!(record::front(&bytes), RecordStart::Record(head) if head.cid.hash() == &key && head.total() == entry.total())
                && entry.is_whole(&key, data, true);
            if !whole {
                return Err(BlockError::Damaged {
                    key: cairn_primitives::Cid::v1(Codec::RAW, key),
                });
            }
            let check = Some(checksum(data));
            let offset = copy.append(&bytes).map_err(write)?;
            moves.push(Move {
                key,
                from: entry,
                to: Entry {
                    segment: copy.number,
                    offset,
                    check,
                    ..entry
                },
            });
        }
        copy.finish().map_err(write)?;
        self.disk
            .sync_dir("segments")
            .map_err(|error| failed("sync the folder of", error))?;
        moves.sort_unstable_by(|a, b| a.key.as_bytes().cmp(b.key.as_bytes()));
        Ok((moves, copy.end()))
    }

    /// Makes the index find the copies.
    fn switch(
        &self,
        number: u32,
        from: u32,
        moves: &[Move],
        end: u64,
        cut: Option<u64>,
    ) -> Result<(), BlockError> {
        // In parts, so that the checkpoints of writers come in between.
        let mut parts = moves.chunks(self.limits.sweep.max(1)).peekable();
        while let Some(part) = parts.next() {
            let last = parts.peek().is_none();
            let mut rows = self.rows.lock();
            self.change(&mut rows, "move blocks in", |transaction, rows| {
                let movable = {
                    let table = transaction.open_table(BLOCKS)?;
                    let mut movable = Vec::with_capacity(part.len());
                    for moved in part {
                        // Removed since, or removed and put again: then the copy is dead.
                        let now = index::lookup(&table, moved.key.as_bytes())?;
                        if now.is_some_and(|now| {
                            now.id == moved.from.id && now.same_place(&moved.from)
                        }) {
                            movable.push((moved.key.as_bytes(), moved.to));
                        }
                    }
                    movable
                };
                index::insert(transaction, movable.into_iter(), rows, false)?;
                let row = rows.entry(number).or_default();
                row.state = SegmentState::Sealed;
                row.end = end;
                if last && let Some(old) = rows.get_mut(&from) {
                    match cut {
                        Some(cut) => old.end = cut,
                        None if old.blocks == 0 => {
                            *old = SegmentRow {
                                state: SegmentState::Dropped,
                                ..SegmentRow::default()
                            }
                        }
                        None => {}
                    }
                }
                Ok(())
            })?;
        }
        if cut.is_none()
            && self
                .rows
                .lock()
                .get(&from)
                .is_some_and(|row| row.state == SegmentState::Dropped)
        {
            self.unlink(&[from])?;
        }
        Ok(())
    }
}
