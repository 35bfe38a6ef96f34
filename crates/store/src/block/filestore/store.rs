//! The block store that the blocks of files and those of the store below make together.

use std::sync::Arc;

use bytes::Bytes;
use cairn_primitives::{Block, Cid, Multihash};
use futures_util::future::{self, BoxFuture};

use super::super::links;
use super::super::traits::{
    BlockEntry, BlockError, BlockStore, Collected, Collector, Hold, StoreStat,
};
use super::hold::FileHold;
use super::{Filestore, reading, rows_failed};
use crate::meta::{MAX_REFERENCES, Reference, ReferenceChange};

/// Whether the store below has no good copy of a block, so that a reference is asked.
fn is_lacking<T>(below: &Result<Option<T>, BlockError>) -> bool {
    matches!(below, Ok(None) | Err(BlockError::Damaged { .. }))
}

impl BlockStore for Filestore {
    fn id(&self) -> String {
        self.shared.below.id()
    }

    fn has(&self, key: &Multihash) -> Result<bool, BlockError> {
        Ok(self.shared.below.has(key)? || self.shared.find(key)?.is_some())
    }

    fn size(&self, key: &Multihash) -> Result<Option<u32>, BlockError> {
        match self.shared.below.size(key)? {
            Some(size) => Ok(Some(size)),
            None => Ok(self.shared.find(key)?.map(|found| found.size)),
        }
    }

    fn get(&self, key: &Multihash) -> Result<Option<Bytes>, BlockError> {
        let below = self.shared.below.get(key);
        if !is_lacking(&below) {
            return below;
        }
        match self.shared.find(key)? {
            Some(found) => self.read(&found).map(Some),
            None => below,
        }
    }

    fn get_many(&self, keys: &[Multihash]) -> Result<Vec<Option<Bytes>>, BlockError> {
        let mut blocks = match self.shared.below.get_many(keys) {
            // A reference may have it.
            Err(BlockError::Damaged { .. }) => {
                return keys.iter().map(|key| self.get(key)).collect();
            }
            blocks => blocks?,
        };
        let absent: Vec<Multihash> = keys
            .iter()
            .zip(&blocks)
            .filter(|(_, block)| block.is_none())
            .map(|(key, _)| key.clone())
            .collect();
        if absent.is_empty() {
            return Ok(blocks);
        }
        let found = self.shared.find_all(&absent)?;
        let mut reader = self.shared.reader();
        let places = blocks.iter_mut().filter(|block| block.is_none());
        for (place, found) in places.zip(found) {
            *place = found.map(|found| reader.read(&found)).transpose()?;
        }
        Ok(blocks)
    }

    fn hold(&self) -> Hold {
        // The lower one last: its collection takes its position last as well.
        let own = self.holds.give(&self.shared, || self.shared.next_id());
        Arc::new(FileHold::new(self.shared.below.hold(), own, &self.holds))
    }

    fn write<'a>(
        &'a self,
        hold: &'a Hold,
        blocks: Vec<Block>,
    ) -> BoxFuture<'a, Result<(), BlockError>> {
        match FileHold::of(hold, &self.holds) {
            Ok(hold) => self.shared.below.write(hold.below(), blocks),
            Err(error) => Box::pin(future::ready(Err(error))),
        }
    }

    fn write_blocking(&self, hold: &Hold, blocks: Vec<Block>) -> Result<(), BlockError> {
        let hold = FileHold::of(hold, &self.holds)?;
        self.shared.below.write_blocking(hold.below(), blocks)
    }

    fn sync(&self) -> BoxFuture<'_, Result<(), BlockError>> {
        self.shared.below.sync()
    }

    fn put<'a>(
        &'a self,
        hold: &'a Hold,
        blocks: Vec<Block>,
    ) -> BoxFuture<'a, Result<(), BlockError>> {
        match FileHold::of(hold, &self.holds) {
            Ok(hold) => self.shared.below.put(hold.below(), blocks),
            Err(error) => Box::pin(future::ready(Err(error))),
        }
    }

    fn remove<'a>(&'a self, keys: &'a [Multihash]) -> BoxFuture<'a, Result<Vec<bool>, BlockError>> {
        Box::pin(async move {
            let mut answers = self.shared.below.remove(keys).await?;
            let found = self.shared.find_all(keys)?;
            let gone: Vec<Multihash> = found.iter().flatten().map(|old| old.key.clone()).collect();
            for gone in gone.chunks(MAX_REFERENCES) {
                let changes = gone.iter().cloned().map(ReferenceChange::Remove).collect();
                let changed = self.shared.rows.change_references(changes).await;
                changed.map_err(rows_failed("write"))?;
            }
            for (answer, found) in answers.iter_mut().zip(found) {
                *answer |= found.is_some();
            }
            Ok(answers)
        })
    }

    /// A block that lies in both places comes twice, as with Kubo.
    fn keys(&self) -> Box<dyn Iterator<Item = Result<BlockEntry, BlockError>> + Send + '_> {
        let entry = |found: Reference| BlockEntry {
            key: found.key,
            size: found.size,
        };
        let references = self.all().map(move |found| found.map(entry));
        Box::new(self.shared.below.keys().chain(references))
    }

    fn stat(&self) -> Result<StoreStat, BlockError> {
        let mut stat = self.shared.below.stat()?;
        stat.blocks += self.shared.rows.reference_count().map_err(reading)?;
        Ok(stat)
    }

    fn links(&self, cid: &Cid) -> Result<Option<Arc<[Cid]>>, BlockError> {
        let below = self.shared.below.links(cid);
        if !is_lacking(&below) {
            return below;
        }
        let Some(found) = self.shared.find(cid.hash())? else {
            return below;
        };
        if !links::may_link(cid.codec()) {
            return Ok(Some(Arc::default()));
        }
        links::of(cid, &self.read(&found)?).map(|links| Some(links.into()))
    }

    fn collect(&self, collector: &mut dyn Collector) -> Result<Collected, BlockError> {
        let _one = self.collecting.lock();
        self.sweep(collector)
    }

    /// Only the store below: what became of files is told by [`Filestore::read`], and a file that was changed is no damage.
    fn verify(
        &self,
        seen: &mut dyn FnMut(&Multihash, Result<(), BlockError>) -> bool,
    ) -> Result<(), BlockError> {
        self.shared.below.verify(seen)
    }

    fn close(&self) -> BoxFuture<'_, Result<(), BlockError>> {
        self.shared.below.close()
    }
}
