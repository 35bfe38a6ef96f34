//! Garbage collection: removes blocks that are not reachable from a pin or another root.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cairn_primitives::{Cid, Multihash};
use cairn_store::block::{Collected, Collector, Root, UnreadableBlocks};
use cairn_store::meta::{PinFilter, PinMode, RowError, Rows};
use cairn_store::{BlockError, BlockStore};
use tokio::sync::mpsc;

/// Keys of removed blocks that are told together.
const TOLD: usize = 256;
/// How many times so many wait to be read; at the bound the collection waits for the reader.
const TOLD_WAITING: usize = 8;

/// Why a collection failed. Blocks that it removed before remain removed; none of them was reachable.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CollectError {
    /// The pins could not be read.
    #[error(transparent)]
    Rows(#[from] RowError),
    /// The store failed, or the pins belong to another one.
    #[error(transparent)]
    Store(#[from] BlockError),
    /// The thread of the collection panicked.
    #[error("the collection was interrupted")]
    Interrupted,
}

/// Roots to keep besides the pins, such as the MFS root. Called when the collection has taken its position among the
/// holds: the roots must be current.
pub type ExtraRoots = dyn Fn() -> Result<Vec<Root>, BlockError> + Send + Sync;

struct PinnedRoots<'a> {
    rows: &'a dyn Rows,
    extra: &'a ExtraRoots,
    removed: &'a mut (dyn FnMut(&Multihash) + Send),
    cancelled: &'a AtomicBool,
}

impl Collector for PinnedRoots<'_> {
    fn roots(&mut self) -> Result<Vec<Root>, BlockError> {
        let mut roots = Vec::new();
        self.rows.pins(&PinFilter::default(), &mut |pin| {
            roots.push(Root {
                cid: pin.cid,
                recursive: pin.mode == PinMode::Recursive,
            });
            !self.cancelled.load(Ordering::Relaxed)
        })?;
        // A listing that was cut short must never be taken for the whole.
        if self.cancelled.load(Ordering::Relaxed) {
            return Err(BlockError::Cancelled);
        }
        roots.extend(self.rows.mfs_root()?.map(|cid| Root {
            cid,
            recursive: true,
        }));
        roots.extend((self.extra)()?);
        Ok(roots)
    }

    fn removed(&mut self, key: &Multihash) {
        (self.removed)(key);
    }

    fn cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Relaxed)
    }
}

/// Collects, and calls `removed` with each removed block. Blocks the thread.
///
/// Setting `cancelled` stops it between batches.
///
/// # Errors
/// [`BlockError::OtherStore`] when the rows are not this store's, or are bound to none: nothing is removed then.
pub fn collect(
    store: &dyn BlockStore,
    rows: &dyn Rows,
    extra: &ExtraRoots,
    cancelled: &AtomicBool,
    removed: &mut (dyn FnMut(&Multihash) + Send),
) -> Result<Collected, CollectError> {
    let bound = rows.store_id()?;
    let id = store.id();
    if bound.as_deref() != Some(id.as_str()) {
        let rows = bound.unwrap_or_else(|| "(none)".to_owned());
        return Err(BlockError::OtherStore { rows, store: id }.into());
    }
    let mut collector = PinnedRoots {
        rows,
        extra,
        removed,
        cancelled,
    };
    match store.collect(&mut collector) {
        Err(BlockError::Rows(error)) => Err(error.into()),
        Err(BlockError::Unreadable(unseen)) => {
            // The collection names the first pin of each block: here are the others.
            let mut named = UnreadableBlocks::clone(&unseen);
            let affected = incomplete(store, rows, cancelled)?;
            if !affected.roots.is_empty() {
                named.roots = affected.roots;
                named.more_roots = affected.more_roots;
            }
            Err(BlockError::Unreadable(Arc::new(named)).into())
        }
        done => Ok(done?),
    }
}

/// Maximum number of blocks that one search for incomplete pins visits; beyond it there may be more of them.
const SEARCHED: u64 = 8 << 20;

/// Finds recursive pins with absent, damaged or undecodable blocks, and those blocks. Blocks whose codec has links
/// are read; leaves are only looked up. Blocks the thread.
///
/// # Errors
/// When the pins cannot be read.
pub fn incomplete(
    store: &dyn BlockStore,
    rows: &dyn Rows,
    cancelled: &AtomicBool,
) -> Result<UnreadableBlocks, RowError> {
    let mut roots = Vec::new();
    let filter = PinFilter {
        mode: Some(PinMode::Recursive),
        ..PinFilter::default()
    };
    rows.pins(&filter, &mut |pin| {
        // Pins of several owners follow one another.
        if roots.last() != Some(&pin.cid) {
            roots.push(pin.cid);
        }
        true
    })?;
    let mut unseen = UnreadableBlocks::default();
    // Below these everything is here.
    let mut whole: HashSet<Cid> = HashSet::new();
    let mut passed = 0;
    for root in roots {
        if cancelled.load(Ordering::Relaxed) || passed > SEARCHED {
            unseen.more_roots = true;
            break;
        }
        let mut seen = Vec::new();
        let mut fault: Option<(Cid, Option<BlockError>)> = None;
        let walked = store.walk(
            &[Root {
                cid: root.clone(),
                recursive: true,
            }],
            &mut |cid, present| {
                passed += 1;
                if !present && fault.is_none() {
                    fault = Some((cid.clone(), None));
                }
                let below = fault.is_none() && !whole.contains(cid);
                if below && crate::walk::may_link(cid.codec()) {
                    seen.push(cid.clone());
                }
                below
            },
        );
        if let Err(error) = walked {
            let cid = match &error {
                BlockError::Damaged { key } => key.clone(),
                BlockError::Undecodable { cid, .. } => cid.clone(),
                _ => root.clone(),
            };
            fault.get_or_insert((cid, Some(error)));
        }
        match fault {
            None => whole.extend(seen),
            Some((cid, fault)) => unseen.note(&root, cid, fault),
        }
    }
    Ok(unseen)
}

/// A collection in a separate thread.
#[derive(Debug)]
pub struct CollectionTask {
    removed: mpsc::Receiver<Vec<Multihash>>,
    /// What was received and not read yet.
    told: std::vec::IntoIter<Multihash>,
    done: tokio::task::JoinHandle<Result<Collected, CollectError>>,
}

impl CollectionTask {
    /// Starts a collection. It continues when this is dropped. `cancelled` stops it at shutdown.
    #[must_use]
    pub fn start(
        store: Arc<dyn BlockStore>,
        rows: Arc<dyn Rows>,
        extra: Arc<ExtraRoots>,
        cancelled: Arc<AtomicBool>,
    ) -> Self {
        let (sender, removed) = mpsc::channel(TOLD_WAITING);
        let done = tokio::task::spawn_blocking(move || {
            let mut gone = Vec::new();
            let mut report = |key: &Multihash| {
                if sender.is_closed() {
                    // Nobody listens any more: the collection continues.
                    return;
                }
                gone.push(key.clone());
                if gone.len() >= TOLD {
                    let _ = sender.blocking_send(std::mem::take(&mut gone));
                }
            };
            let done = collect(&*store, &*rows, &*extra, &cancelled, &mut report);
            let _ = sender.blocking_send(gone);
            done
        });
        Self {
            removed,
            told: Vec::new().into_iter(),
            done,
        }
    }

    /// Calls `seen` with the result of the collection, also if this is dropped before.
    #[must_use]
    pub fn observed(
        self,
        seen: impl FnOnce(Result<&Collected, &CollectError>) + Send + 'static,
    ) -> Self {
        let done = self.done;
        let done = tokio::spawn(async move {
            let done = done.await.unwrap_or(Err(CollectError::Interrupted));
            seen(done.as_ref());
            done
        });
        Self { done, ..self }
    }

    /// The next block that was removed, as Kubo names it: CIDv1 `raw`. `None` when the collection has ended.
    pub async fn next(&mut self) -> Option<Cid> {
        loop {
            if let Some(key) = self.told.next() {
                return Some(Cid::v1(cairn_primitives::Codec::RAW, key));
            }
            self.told = self.removed.recv().await?.into_iter();
        }
    }

    /// The result of the collection. Discards unread keys.
    pub async fn finish(mut self) -> Result<Collected, CollectError> {
        self.removed.close();
        while self.removed.recv().await.is_some() {}
        self.done.await.map_err(|_| CollectError::Interrupted)?
    }
}
