//! The block store of the filestore: blocks in files and those of the store below.

use std::sync::Arc;

use bytes::Bytes;
use cairn_primitives::{Block, Cid, CidList, Multihash};
use futures_util::future::{self, BoxFuture};

use super::super::future::ReadFuture;
use super::super::links;
use super::super::traits::{
    BlockCollector, BlockEntry, BlockError, BlockReader, BlockStore, BlockWriter, Collected,
    Collector, Hold, Root, StoreStat,
};
use super::hold::FileHold;
use super::{Filestore, Shared, reading, rows_failed};
use crate::meta::{MAX_REFERENCES, Reference, ReferenceChange};

/// Whether the store below has no good copy of a block, so that a reference is asked.
fn is_lacking<T>(below: &Result<Option<T>, BlockError>) -> bool {
    matches!(below, Ok(None) | Err(BlockError::Damaged { .. }))
}

impl Filestore {
    /// Reads on a thread that may block: a file of the user's may lie anywhere.
    fn read_off<T: Send + 'static>(
        &self,
        run: impl FnOnce(&Shared) -> Result<T, BlockError> + Send + 'static,
    ) -> ReadFuture<'static, T> {
        let shared = Arc::clone(&self.shared);
        ReadFuture::waiting(self.blocked.clone().run(move || run(&shared)))
    }

    /// Answers from below, or by `lacking` on a thread that may block.
    fn below_or<'a, T: Send + 'static>(
        &'a self,
        below: ReadFuture<'a, Option<T>>,
        lacking: impl FnOnce(&Shared) -> Result<Option<T>, BlockError> + Send + 'static,
    ) -> ReadFuture<'a, Option<T>> {
        match below.into_ready() {
            Ok(below) if is_lacking(&below) => self.read_off(lacking),
            Ok(below) => ReadFuture::ready(below),
            Err(below) => ReadFuture::waiting(async move {
                let below = below.await;
                if is_lacking(&below) {
                    self.read_off(lacking).await
                } else {
                    below
                }
            }),
        }
    }
}

impl Shared {
    fn get(&self, key: &Multihash) -> Result<Option<Bytes>, BlockError> {
        let below = self.below.get_blocking(key);
        if !is_lacking(&below) {
            return below;
        }
        match self.find(key)? {
            Some(found) => self.reader().read(&found).map(Some),
            None => below,
        }
    }

    fn get_many(&self, keys: &[Multihash]) -> Result<Vec<Option<Bytes>>, BlockError> {
        match self.below.get_many_blocking(keys) {
            // A reference may have it.
            Err(BlockError::Damaged { .. }) => keys.iter().map(|key| self.get(key)).collect(),
            blocks => self.fill(keys, blocks?),
        }
    }

    /// Adds what the store below lacks.
    fn fill(
        &self,
        keys: &[Multihash],
        mut blocks: Vec<Option<Bytes>>,
    ) -> Result<Vec<Option<Bytes>>, BlockError> {
        let absent: Vec<Multihash> = keys
            .iter()
            .zip(&blocks)
            .filter(|(_, block)| block.is_none())
            .map(|(key, _)| key.clone())
            .collect();
        if absent.is_empty() {
            return Ok(blocks);
        }
        let found = self.find_all(&absent)?;
        let mut reader = self.reader();
        let places = blocks.iter_mut().filter(|block| block.is_none());
        for (place, found) in places.zip(found) {
            *place = found.map(|found| reader.read(&found)).transpose()?;
        }
        Ok(blocks)
    }

    fn links(&self, cid: &Cid) -> Result<Option<CidList>, BlockError> {
        let below = self.below.links_blocking(cid);
        if !is_lacking(&below) {
            return below;
        }
        let Some(found) = self.find(cid.hash())? else {
            return below;
        };
        if !links::may_link(cid.codec()) {
            return Ok(Some(CidList::new()));
        }
        links::of(cid, &self.reader().read(&found)?).map(Some)
    }
}

/// Rows are looked up in place, as the index of a store is; files are read off the runtime.
impl BlockReader for Filestore {
    fn has<'a>(&'a self, key: &'a Multihash) -> ReadFuture<'a, bool> {
        match self.shared.below.has(key).into_ready() {
            Ok(Ok(false)) => ReadFuture::ready(self.shared.find(key).map(|found| found.is_some())),
            Ok(below) => ReadFuture::ready(below),
            Err(below) => {
                ReadFuture::waiting(
                    async move { Ok(below.await? || self.shared.find(key)?.is_some()) },
                )
            }
        }
    }

    fn size<'a>(&'a self, key: &'a Multihash) -> ReadFuture<'a, Option<u32>> {
        let found = |size: Option<u32>| match size {
            Some(size) => Ok(Some(size)),
            None => Ok(self.shared.find(key)?.map(|found| found.size)),
        };
        self.shared.below.size(key).and_then(found)
    }

    fn get<'a>(&'a self, key: &'a Multihash) -> ReadFuture<'a, Option<Bytes>> {
        let wanted = key.clone();
        self.below_or(self.shared.below.get(key), move |shared| {
            shared.get(&wanted)
        })
    }

    fn get_many<'a>(&'a self, keys: &'a [Multihash]) -> ReadFuture<'a, Vec<Option<Bytes>>> {
        let fill = |below: Result<Vec<Option<Bytes>>, BlockError>| match below {
            Ok(blocks) if blocks.iter().all(Option::is_some) => ReadFuture::ready(Ok(blocks)),
            Ok(blocks) => {
                let keys = keys.to_vec();
                self.read_off(move |shared| shared.fill(&keys, blocks))
            }
            Err(BlockError::Damaged { .. }) => {
                let keys = keys.to_vec();
                self.read_off(move |shared| shared.get_many(&keys))
            }
            Err(error) => ReadFuture::ready(Err(error)),
        };
        match self.shared.below.get_many(keys).into_ready() {
            Ok(below) => fill(below),
            Err(below) => ReadFuture::waiting(async move { fill(below.await).await }),
        }
    }

    fn links<'a>(&'a self, cid: &'a Cid) -> ReadFuture<'a, Option<CidList>> {
        let wanted = cid.clone();
        self.below_or(self.shared.below.links(cid), move |shared| {
            shared.links(&wanted)
        })
    }

    fn get_blocking(&self, key: &Multihash) -> Result<Option<Bytes>, BlockError> {
        self.shared.get(key)
    }

    fn get_many_blocking(&self, keys: &[Multihash]) -> Result<Vec<Option<Bytes>>, BlockError> {
        self.shared.get_many(keys)
    }

    fn links_blocking(&self, cid: &Cid) -> Result<Option<CidList>, BlockError> {
        self.shared.links(cid)
    }
}

impl BlockWriter for Filestore {
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
}

impl BlockCollector for Filestore {
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

    fn walk(
        &self,
        roots: &[Root],
        visit: &mut dyn FnMut(&Cid, bool) -> bool,
    ) -> Result<(), BlockError> {
        links::walk_store(self, roots, visit)
    }

    fn collect(&self, collector: &mut dyn Collector) -> Result<Collected, BlockError> {
        let _one = self.collecting.lock();
        self.sweep(collector)
    }

    /// Only the store below: [`Filestore::read`] reports the files, and a changed file is not damage.
    fn verify(
        &self,
        seen: &mut dyn FnMut(&Multihash, Result<(), BlockError>) -> bool,
    ) -> Result<(), BlockError> {
        self.shared.below.verify(seen)
    }
}

impl BlockStore for Filestore {
    fn id(&self) -> String {
        self.shared.below.id()
    }

    fn close(&self) -> BoxFuture<'_, Result<(), BlockError>> {
        self.shared.below.close()
    }
}
