//! The traits of a block store for [`SegmentStore`].

use std::sync::Arc;

use bytes::Bytes;
use cairn_primitives::{Block, Cid, Multihash};
use futures_util::future::BoxFuture;

use super::engine::Engine;
use super::handover::{Handover, Progress};
use super::keys::{Keys, verify};
use super::{SegmentStore, shut};
use crate::block::future::{ReadFuture, unblock};
use crate::block::links;
use crate::block::traits::{
    BlockCollector, BlockEntry, BlockError, BlockReader, BlockStore, BlockWriter, Collected,
    Collector, Hold, Root, StoreStat,
};

impl BlockReader for SegmentStore {
    fn has<'a>(&'a self, key: &'a Multihash) -> ReadFuture<'a, bool> {
        if key.identity_data().is_some() {
            return ReadFuture::ready(Ok(true));
        }
        let found = self.engine.find(key);
        ReadFuture::ready(
            found.map(|found| {
                found.is_some_and(|found| !self.engine.damaged.has(key, &found.entry))
            }),
        )
    }

    fn size<'a>(&'a self, key: &'a Multihash) -> ReadFuture<'a, Option<u32>> {
        ReadFuture::ready(match key.identity_data() {
            Some(data) => Ok(u32::try_from(data.len()).ok()),
            None => {
                let found = self.engine.find(key);
                found.map(|found| found.map(|found| found.entry.data))
            }
        })
    }

    fn get<'a>(&'a self, key: &'a Multihash) -> ReadFuture<'a, Option<Bytes>> {
        if let Some(data) = key.identity_data() {
            return ReadFuture::ready(Ok(Some(Bytes::copy_from_slice(data))));
        }
        match self.engine.get_cached(key) {
            Some(answer) => ReadFuture::ready(answer),
            None => {
                let key = key.clone();
                self.read_off(move |engine| engine.get(&key))
            }
        }
    }

    fn get_many<'a>(&'a self, keys: &'a [Multihash]) -> ReadFuture<'a, Vec<Option<Bytes>>> {
        if let [key] = keys {
            return self.get(key).and_then(|block| Ok(vec![block]));
        }
        let inline = keys.iter().any(|key| key.identity_data().is_some());
        if !inline && let Some(answer) = self.engine.get_many_cached(keys) {
            return ReadFuture::ready(answer);
        }
        let keys = keys.to_vec();
        self.read_off(move |engine| get_many(engine, &keys))
    }

    fn get_blocking(&self, key: &Multihash) -> Result<Option<Bytes>, BlockError> {
        get(&self.engine, key)
    }

    fn get_many_blocking(&self, keys: &[Multihash]) -> Result<Vec<Option<Bytes>>, BlockError> {
        get_many(&self.engine, keys)
    }
}

fn get(engine: &Engine, key: &Multihash) -> Result<Option<Bytes>, BlockError> {
    match key.identity_data() {
        Some(data) => Ok(Some(Bytes::copy_from_slice(data))),
        None => engine.get(key),
    }
}

fn get_many(engine: &Engine, keys: &[Multihash]) -> Result<Vec<Option<Bytes>>, BlockError> {
    if keys.iter().any(|key| key.identity_data().is_some()) {
        return keys.iter().map(|key| get(engine, key)).collect();
    }
    engine.get_many(keys)
}

impl BlockWriter for SegmentStore {
    fn hold(&self) -> Hold {
        self.engine
            .holds
            .give(&self.engine, || self.engine.upcoming_id())
    }

    fn write<'a>(
        &'a self,
        hold: &'a Hold,
        blocks: Vec<Block>,
    ) -> BoxFuture<'a, Result<(), BlockError>> {
        Box::pin(async move { self.hand_over(hold, blocks).await.map(drop) })
    }

    fn write_blocking(&self, hold: &Hold, blocks: Vec<Block>) -> Result<(), BlockError> {
        let hold = self.engine.holds.of(hold)?;
        let mut handover = Handover::new(blocks)?;
        loop {
            match self.engine.advance(hold, &mut handover)? {
                Progress::Done(_) => return Ok(()),
                Progress::Wait(room) => drop(room.blocking_recv()),
            }
        }
    }

    fn sync(&self) -> BoxFuture<'_, Result<(), BlockError>> {
        Box::pin(async move {
            self.durable(self.engine.last_id()).await?;
            // Blocks may have been lost before this was called, and their operation only asks now.
            self.engine.holds.any_lost().map_or(Ok(()), Err)
        })
    }

    fn put<'a>(
        &'a self,
        hold: &'a Hold,
        blocks: Vec<Block>,
    ) -> BoxFuture<'a, Result<(), BlockError>> {
        Box::pin(async move {
            let id = self.hand_over(hold, blocks).await?;
            self.durable(id).await?;
            self.engine
                .holds
                .of(hold)?
                .lost()
                .map_or(Ok(()), |lost| Err(lost.clone()))
        })
    }

    fn remove<'a>(&'a self, keys: &'a [Multihash]) -> BoxFuture<'a, Result<Vec<bool>, BlockError>> {
        Box::pin(async move {
            self.durable(self.engine.last_id()).await?;
            let keys = keys.to_vec();
            self.blocking(move |engine| engine.remove(&keys)).await
        })
    }
}

impl BlockCollector for SegmentStore {
    fn walk(
        &self,
        roots: &[Root],
        visit: &mut dyn FnMut(&Cid, bool) -> bool,
    ) -> Result<(), BlockError> {
        links::walk_store(self, roots, visit)
    }

    fn keys(&self) -> Box<dyn Iterator<Item = Result<BlockEntry, BlockError>> + Send + '_> {
        Box::new(Keys::new(&self.engine))
    }

    fn stat(&self) -> Result<StoreStat, BlockError> {
        let mut stat = self.engine.stat()?;
        stat.disk_bytes += self.engine.active_slack();
        Ok(stat)
    }

    fn collect(&self, collector: &mut dyn Collector) -> Result<Collected, BlockError> {
        self.engine.collect(collector)
    }

    fn verify(
        &self,
        seen: &mut dyn FnMut(&Multihash, Result<(), BlockError>) -> bool,
    ) -> Result<(), BlockError> {
        verify(&self.engine, self.keys(), seen)
    }
}

impl BlockStore for SegmentStore {
    fn id(&self) -> String {
        self.engine.owner.store.clone()
    }

    fn close(&self) -> BoxFuture<'_, Result<(), BlockError>> {
        let (engine, threads) = (Arc::clone(&self.engine), Arc::clone(&self.threads));
        Box::pin(unblock(move || shut(&engine, &threads)))
    }
}
