//! Blocks on disk: append-only CAR files, and an index that can be rebuilt from them.
//!
//! `docs/storage-format.md` describes the files. [`SegmentStore`] adds three threads (one writes, one updates the
//! index, one warms the page cache) and futures to [`engine::Engine`].

mod backend;
mod cached;
mod checkpoint;
mod collect;
mod compact;
mod consistency;
mod copy;
mod damage;
mod engine;
mod entries;
mod entry;
mod fault;
mod files;
mod handover;
mod identity;
mod ids;
mod index;
mod keys;
mod link_rows;
mod lost;
mod mark;
mod options;
mod pending;
mod read;
mod recent;
mod record;
mod recover;
mod replay;
mod reserve;
mod scan;
mod shrink;
mod signal;
pub mod simulate;
mod snapshot;
mod stage;
mod store;
mod touch;
mod warm;
mod writer;

#[cfg(test)]
mod tests;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread::JoinHandle;
use std::time::Duration;

use cairn_primitives::{Block, Cid};
use parking_lot::Mutex;

use self::engine::Engine;
use self::handover::{Handover, Progress};
pub(crate) use self::identity::fresh_id;
pub use self::options::{LostSegment, OpenError, OpenReport, Options};
use self::recover::OpenPlan;
use super::disk::{Disk, RealDisk};
use super::future::{BlockingReads, ReadFuture, unblock};
use super::traits::{BlockError, Hold};

/// How often what is durable goes to the index, at least.
const INDEX_EVERY: Duration = Duration::from_secs(1);

/// How long a thread sleeps that nobody wakes.
const IDLE: Duration = Duration::from_secs(3600);

/// A block store of CAR segments in a directory.
///
/// An answered [`BlockWriter::put`] or [`BlockWriter::sync`] survives `kill -9` and power loss.
pub struct SegmentStore {
    engine: Arc<Engine>,
    threads: Arc<Mutex<Vec<JoinHandle<()>>>>,
    blocked: BlockingReads,
}

impl SegmentStore {
    /// Opens the store in a directory, or creates it. Reads only the tail of the index: at most a second, unless the
    /// index must be rebuilt.
    pub fn open(
        path: impl AsRef<Path>,
        options: Options,
    ) -> Result<(Arc<Self>, OpenReport), OpenError> {
        Self::open_disk(
            Self::disk_at(path.as_ref(), options.read_only)?,
            &options.plan(false),
            &mut |_, _| {},
        )
    }

    /// Opens the store and rebuilds its index from the segments. `progress` is called with bytes read and total
    /// bytes. Blocks that were removed may be back afterwards, unpinned; the next collection removes them.
    pub fn reindex(
        path: impl AsRef<Path>,
        options: Options,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<(Arc<Self>, OpenReport), OpenError> {
        Self::open_disk(
            Self::disk_at(path.as_ref(), options.read_only)?,
            &options.plan(true),
            progress,
        )
    }

    /// Opens a store on any disk.
    pub fn open_on(
        disk: Arc<dyn Disk>,
        options: &Options,
    ) -> Result<(Arc<Self>, OpenReport), OpenError> {
        Self::open_disk(disk, &options.plan(false), &mut |_, _| {})
    }

    fn disk_at(path: &Path, read_only: bool) -> Result<Arc<dyn Disk>, OpenError> {
        if read_only {
            return Ok(Arc::new(RealDisk::existing(path)));
        }
        let disk = RealDisk::create(path).map_err(|source| OpenError::Io {
            action: "make the folder of",
            source,
        })?;
        Ok(Arc::new(disk))
    }

    fn open_disk(
        disk: Arc<dyn Disk>,
        plan: &OpenPlan,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<(Arc<Self>, OpenReport), OpenError> {
        let (engine, report) = recover::open(disk, plan, progress)?;
        let mut threads = Vec::new();
        if !plan.read_only {
            let spawn = |name: &str, run: fn(&Engine)| {
                let engine = Arc::clone(&engine);
                let thread = std::thread::Builder::new()
                    .name(name.to_owned())
                    .spawn(move || run(&engine));
                thread.map_err(|source| OpenError::Io {
                    action: "start a thread of",
                    source,
                })
            };
            threads.push(spawn("block-writer", write_loop)?);
            threads.push(spawn("block-indexer", index_loop)?);
            threads.push(spawn("block-warmer", warm_loop)?);
        }
        Ok((
            Arc::new(Self {
                engine,
                threads: Arc::new(Mutex::new(threads)),
                blocked: BlockingReads::default(),
            }),
            report,
        ))
    }

    /// Id of the rows that belong to this store; `None` before [`SegmentStore::set_rows`], and for stores of older
    /// versions.
    #[must_use]
    pub fn rows(&self) -> Option<String> {
        self.engine.card.lock().rows.clone()
    }

    /// Records durably which rows belong to this store.
    ///
    /// # Errors
    /// When `store.json` cannot be written.
    pub fn set_rows(&self, rows: &str) -> Result<(), BlockError> {
        self.engine.check_writable()?;
        self.engine.set_rows(rows)
    }

    /// Gives the reserve file's space free while the disk is full, so that rows can be changed and content removed, and takes it
    /// up again when there is space; whether it was given free now.
    pub fn update_reserve(&self) -> bool {
        self.engine.update_reserve()
    }

    /// Its disk, for other files that belong next to the blocks.
    #[must_use]
    pub fn disk(&self) -> Arc<dyn Disk> {
        Arc::clone(&self.engine.disk)
    }

    /// Calls `each` with the CIDs of all blocks, as they were first written, until it returns `false`; unreadable
    /// records are skipped. This reads the front of every record.
    ///
    /// # Errors
    /// When the index cannot be read.
    pub fn cids(&self, each: &mut dyn FnMut(Cid) -> bool) -> Result<(), BlockError> {
        keys::cids(&self.engine, each)
    }

    /// Repairs a store without its directory `segments`, or with a missing or damaged `store.json`: rewrites that,
    /// with the id in the segments, or else with `known`. The index is rebuilt at the next opening. Does nothing if
    /// there is no store, or an intact one; returns whether it did something.
    ///
    /// # Errors
    /// When the disk fails, or the store is of a later format.
    pub fn restore_identity(
        path: impl AsRef<Path>,
        known: Option<&str>,
    ) -> Result<bool, OpenError> {
        let disk = Self::disk_at(path.as_ref(), false)?;
        let Some(_lock) = disk
            .lock(recover::LOCK, false)
            .map_err(recover::io_error("lock"))?
        else {
            return Err(OpenError::InUse);
        };
        match identity::read(&*disk) {
            Ok(Some(_)) => {
                let missing = recover::is_missing(&*disk, "segments")?;
                if missing {
                    disk.make_dir("segments")
                        .map_err(recover::io_error("make a folder of"))?;
                }
                return Ok(missing);
            }
            Ok(None) if known.is_none() && !identity::has_remains(&*disk)? => return Ok(false),
            Ok(None) | Err(OpenError::Identity { .. }) => {}
            Err(other) => return Err(other),
        }
        disk.make_dir("segments")
            .map_err(recover::io_error("make a folder of"))?;
        identity::restore(&*disk, known)?;
        Ok(true)
    }

    async fn hand_over(&self, hold: &Hold, blocks: Vec<Block>) -> Result<u64, BlockError> {
        let hold = self.engine.holds.of(hold)?;
        let mut handover = Handover::new(blocks)?;
        loop {
            match self.engine.advance(hold, &mut handover)? {
                Progress::Done(id) => return Ok(id),
                // A sender that is gone is a store that closes: the next turn tells.
                Progress::Wait(room) => drop(room.await),
            }
        }
    }

    async fn durable(&self, id: u64) -> Result<(), BlockError> {
        self.engine.check_open()?;
        if let Some(answer) = self.engine.ask(id) {
            match (may_block_here() && self.engine.holds.is_one_at_most())
                .then(|| self.engine.idle_writer())
                .flatten()
            {
                // Two changes of threads would take as long as a small sync. While others write as well, the writer's thread syncs
                // for several at once, and no thread of the runtime has to be replaced meanwhile.
                Some(mut writer) => {
                    tokio::task::block_in_place(|| self.engine.pump_with(&mut writer, id));
                }
                None => self.engine.to_write.raise(),
            }
            answer.await.map_err(|_| BlockError::Closed)??;
        }
        if self.engine.pending.lock().is_repairing() {
            return self.blocking(Engine::switch_repaired).await;
        }
        Ok(())
    }

    /// Runs what may take a while on a thread that may block.
    async fn blocking<T: Send + 'static>(
        &self,
        run: impl FnOnce(&Engine) -> Result<T, BlockError> + Send + 'static,
    ) -> Result<T, BlockError> {
        let engine = Arc::clone(&self.engine);
        unblock(move || run(&engine)).await
    }

    /// A read that has to wait.
    fn read_off<T: Send + 'static>(
        &self,
        run: impl FnOnce(&Engine) -> Result<T, BlockError> + Send + 'static,
    ) -> ReadFuture<'static, T> {
        let engine = Arc::clone(&self.engine);
        ReadFuture::waiting(self.blocked.clone().run(move || run(&engine)))
    }
}

/// Closes a store; waits for its threads.
fn shut(engine: &Engine, threads: &Mutex<Vec<JoinHandle<()>>>) -> Result<(), BlockError> {
    if engine.closed.load(Ordering::Acquire) {
        return Ok(());
    }
    let mut last = Ok(());
    if !engine.read_only {
        engine.rest();
        last = engine.checkpoint();
    }
    engine.closed.store(true, Ordering::Release);
    // What was handed over meanwhile and not synced is not promised; who waits is told.
    engine.waiters.lock().clear();
    engine.stage.lock().wake();
    engine.to_write.raise();
    engine.to_index.raise();
    engine.to_warm.raise();
    for thread in threads.lock().drain(..) {
        if thread.thread().id() != std::thread::current().id() && thread.join().is_err() {
            tracing::error!("a thread of the block store has panicked");
        }
    }
    *engine.lock.lock() = None;
    last
}

/// Whether this thread may block while the other tasks of its runtime continue elsewhere.
fn may_block_here() -> bool {
    tokio::runtime::Handle::try_current()
        .is_ok_and(|runtime| runtime.runtime_flavor() == tokio::runtime::RuntimeFlavor::MultiThread)
}

fn write_loop(engine: &Engine) {
    while !engine.closed.load(Ordering::Acquire) {
        engine.to_write.wait(INDEX_EVERY);
        engine.pump(u64::MAX);
    }
}

fn index_loop(engine: &Engine) {
    while !engine.closed.load(Ordering::Acquire) {
        engine.to_index.wait(INDEX_EVERY);
        // Entries cannot go to the index before they are durable.
        if let Some(durable) = engine.request(engine.last_id()) {
            let _ = durable.blocking_recv();
        }
        if let Err(error) = engine.checkpoint() {
            tracing::warn!(%error, "cannot update the block index; trying again");
        }
    }
}

fn warm_loop(engine: &Engine) {
    while !engine.closed.load(Ordering::Acquire) {
        engine.warm.close_removed();
        let uses = engine.warm.uses();
        if !engine.warm.is_waiting() {
            engine.to_warm.wait(IDLE);
        } else if !engine.to_warm.wait(warm::REST) && engine.warm.uses() == uses {
            engine.warm_up();
        }
    }
}

impl Drop for SegmentStore {
    fn drop(&mut self) {
        if let Err(error) = shut(&self.engine, &self.threads) {
            tracing::warn!(%error, "the block store was not closed cleanly");
        }
    }
}

impl std::fmt::Debug for SegmentStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SegmentStore")
            .field("id", &self.engine.owner.store)
            .finish_non_exhaustive()
    }
}
