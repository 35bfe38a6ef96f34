//! Reads without disk access, which async tasks may do themselves.
//!
//! A block is cached while it waits for the index, if it is small and was read recently, or if its segment is open and the page
//! cache has its bytes. Other blocks are read on a blocking thread. Index lookups count as cached: they take microseconds, and the index's upper
//! pages are in its own cache.

use bytes::Bytes;
use cairn_primitives::Multihash;

use super::engine::Engine;
use super::read::block_of;
use super::read::run;
use crate::block::BlockError;

impl Engine {
    /// A block's bytes; `None` when they have to be waited for.
    pub(super) fn get_cached(&self, key: &Multihash) -> Option<Result<Option<Bytes>, BlockError>> {
        let found = match self.find(key) {
            Ok(Some(found)) => found,
            Ok(None) => return Some(Ok(None)),
            Err(error) => return Some(Err(error)),
        };
        if let Some(data) = found.data {
            return Some(Ok(Some(data)));
        }
        let entry = &found.entry;
        let verify = self.limits.verify_reads;
        if !verify && let Some(data) = self.recent(key, entry) {
            return Some(Ok(Some(data)));
        }
        // Opening a file may wait as well.
        let file = self.files.opened(entry.segment)?;
        let total = usize::try_from(entry.total()).ok()?;
        let record = file.read_cached(entry.offset, total)?;
        self.warm.used();
        // What is not as the index has it is looked into by the read that may wait.
        let data = block_of(key, entry, record, verify)?;
        self.recent.insert(key, entry, &data);
        Some(self.note_read(key, entry, Ok(data)).map(Some))
    }

    /// Blocks' bytes, in the order asked; `None` when any of them has to be waited for.
    pub(super) fn get_many_cached(
        &self,
        keys: &[Multihash],
    ) -> Option<Result<Vec<Option<Bytes>>, BlockError>> {
        let entries = match self.find_all(keys.iter()) {
            Ok(entries) => entries,
            Err(error) => return Some(Err(error)),
        };
        let mut rest = entries.as_slice();
        while let Some(first) = rest.first() {
            let (together, behind) = rest.split_at_checked(run(rest))?;
            if let (Some(first), Some(Some(last))) = (first, together.last())
                && !self.is_cached(first.segment, first.offset, last.end() - first.offset)
            {
                return None;
            }
            rest = behind;
        }
        Some(self.get_entries(keys, &entries))
    }

    fn is_cached(&self, segment: u32, offset: u64, len: u64) -> bool {
        // Opening a file may wait as well.
        let file = self.files.opened(segment);
        file.is_some_and(|file| file.is_cached(offset, len))
    }
}
