//! Reads several blocks at once: neighbours on disk with one read.
//!
//! Blocks that were written together are often read together, and from a cold disk one read of a mebibyte is several
//! times faster than four of a quarter.

use bytes::Bytes;
use cairn_primitives::Multihash;

use super::engine::Engine;
use super::entry::Entry;
use super::record::{self, RecordStart};
use crate::block::BlockError;

/// Bytes that one read takes at most, unless a single block is larger.
const MAX_READ: u64 = 2 << 20;

impl Engine {
    /// Blocks' bytes, in the order asked.
    pub(super) fn get_many(&self, keys: &[Multihash]) -> Result<Vec<Option<Bytes>>, BlockError> {
        let entries = self.find_all(keys.iter())?;
        self.get_entries(keys, &entries)
    }

    /// Blocks' bytes, by what a look-up of the same keys has found.
    pub(super) fn get_entries(
        &self,
        keys: &[Multihash],
        entries: &[Option<Entry>],
    ) -> Result<Vec<Option<Bytes>>, BlockError> {
        let mut out = Vec::with_capacity(keys.len());
        while out.len() < keys.len() {
            let rest = entries.get(out.len()..).unwrap_or_default();
            let run = run(rest);
            let read = if run > 1 {
                self.read_run(&keys[out.len()..out.len() + run], &rest[..run])
            } else {
                None
            };
            match read {
                Some(blocks) => out.extend(blocks.into_iter().map(Some)),
                // Alone, or not where it was: the careful way.
                None => out.push(self.get(&keys[out.len()])?),
            }
        }
        Ok(out)
    }

    /// Blocks that stand one after the other in a segment; `None` when anything is not as the index has it.
    fn read_run(&self, keys: &[Multihash], entries: &[Option<Entry>]) -> Option<Vec<Bytes>> {
        let (first, last) = (entries.first()?.as_ref()?, entries.last()?.as_ref()?);
        let file = self.files.get(first.segment).ok()?;
        self.warm.used();
        let len = usize::try_from(last.end() - first.offset).ok()?;
        let bytes = file.read_to_vec(first.offset, len).ok()?;
        if bytes.len() != len {
            return None;
        }
        let bytes = Bytes::from(bytes);
        keys.iter()
            .zip(entries)
            .map(|(key, entry)| {
                let entry = entry.as_ref()?;
                let from = usize::try_from(entry.offset - first.offset).ok()?;
                let whole = bytes.get(from..from + usize::try_from(entry.total()).ok()?)?;
                match record::front(whole) {
                    RecordStart::Record(head)
                        if head.cid.hash() == key
                            && head.len == entry.head
                            && head.data == entry.data =>
                    {
                        let data = bytes.slice(from + usize::from(entry.head)..from + whole.len());
                        entry
                            .is_whole(key, &data, self.limits.verify_reads)
                            .then_some(data)
                    }
                    _ => None,
                }
            })
            .collect()
    }
}

/// How many entries from the front can be had with one read.
pub(super) fn run(entries: &[Option<Entry>]) -> usize {
    let Some(Some(first)) = entries.first() else {
        return 1;
    };
    let mut end = first.end();
    let neighbours = entries.iter().skip(1).take_while(|entry| {
        let next = entry.as_ref().filter(|entry| {
            entry.segment == first.segment
                && entry.offset == end
                && entry.end() - first.offset <= MAX_READ
        });
        next.inspect(|entry| end = entry.end()).is_some()
    });
    1 + neighbours.count()
}

/// The block of a record that was read by its entry; `None` when the record is not as the entry has it.
pub(super) fn block_of(
    key: &Multihash,
    entry: &Entry,
    record: Vec<u8>,
    verify: bool,
) -> Option<Bytes> {
    if record.len() as u64 != entry.total() {
        return None;
    }
    match record::front(&record) {
        RecordStart::Record(head)
            if head.cid.hash() == key && head.len == entry.head && head.data == entry.data => {}
        _ => return None,
    }
    let data = Bytes::from(record).split_off(usize::from(entry.head));
    entry.is_whole(key, &data, verify).then_some(data)
}
