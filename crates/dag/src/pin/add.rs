//! Making pins.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use cairn_primitives::Cid;
use cairn_store::meta::{Pin, PinChange, PinMode};
use cairn_store::{BlockStore, Hold};
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;

use super::{PinError, Pinner, check_name};
use crate::error::{FetchError, NodeError};
use crate::fetch::{Blocks, FetchProgress};
use crate::walk::{PackedLinks, Visited, WalkStack, WalkStep, may_link};

/// Blocks that one pin asks for at a time.
const FETCHES: usize = 64;

/// The progress of a pin, which can be read while it is made.
#[derive(Debug, Default)]
pub struct Progress {
    nodes: AtomicU64,
    bytes: AtomicU64,
    transfer: OnceLock<FetchProgress>,
}

impl Progress {
    /// Number of local blocks.
    #[must_use]
    pub fn nodes(&self) -> u64 {
        self.nodes.load(Ordering::Relaxed)
    }

    /// Bytes of those blocks.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// The progress of fetching; `None` before it started, and offline.
    #[must_use]
    pub fn transfer(&self) -> Option<&FetchProgress> {
        self.transfer.get()
    }

    fn add(&self, bytes: u64) {
        self.nodes.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }
}

impl Pinner {
    /// Pins a CID after fetching its absent blocks through `blocks`. An existing pin gets the new name, even an empty
    /// one; a direct one becomes recursive.
    ///
    /// # Errors
    /// [`PinError::AlreadyRecursive`] for a direct pin where a recursive one is; [`PinError::Incomplete`] when a block
    /// cannot be had.
    pub async fn add(
        &self,
        blocks: &Blocks,
        cid: &Cid,
        mode: PinMode,
        name: &str,
        progress: Option<&Progress>,
    ) -> Result<(), PinError> {
        check_name(name)?;
        if mode == PinMode::Direct {
            self.refuse_recursive(cid)?;
        }
        let walk = Walk {
            blocks,
            root: cid,
            mode,
            known: None,
            absent: Absent::Fetch,
            progress,
        };
        let pin = Pin {
            cid: cid.clone(),
            mode,
            name: name.to_owned(),
            owner: self.owner,
        };
        self.walk_and_commit(
            &walk,
            PinError::Incomplete,
            vec![PinChange::Set(pin)],
            || match mode {
                PinMode::Direct => self.refuse_recursive(cid),
                PinMode::Recursive => Ok(()),
            },
        )
        .await
    }

    /// Makes the owner's recursive pin of a CID a direct one, under the same name. Does nothing where there is none.
    ///
    /// # Errors
    /// When the rows fail.
    pub async fn make_direct(&self, cid: &Cid) -> Result<(), PinError> {
        let _lock = self.inner.lock_one(cid).await;
        let Some(pin) = self.recursive(cid)? else {
            return Ok(());
        };
        let direct = Pin {
            mode: PinMode::Direct,
            ..pin
        };
        self.inner.commit(vec![PinChange::Set(direct)]).await
    }

    /// Pins `to` recursively in place of `from`, under the same name; walks only what `from` does not have. Without
    /// `unpin`, `from` keeps its pin.
    ///
    /// # Errors
    /// [`PinError::FromNotPinned`], [`PinError::ToPinned`], and what [`Pinner::add`] fails with.
    pub async fn update(
        &self,
        blocks: &Blocks,
        from: &Cid,
        to: &Cid,
        unpin: bool,
    ) -> Result<(), PinError> {
        self.recursive(from)?.ok_or(PinError::FromNotPinned)?;
        if from == to {
            return Ok(());
        }
        let check = || -> Result<Pin, PinError> {
            let old = self.recursive(from)?.ok_or(PinError::FromNotPinned)?;
            if self.recursive(to)?.is_some() {
                return Err(PinError::ToPinned);
            }
            Ok(old)
        };
        let old = check()?;
        let walk = Walk {
            blocks,
            root: to,
            mode: PinMode::Recursive,
            known: Some(from),
            absent: Absent::Fetch,
            progress: None,
        };
        let mut changes = vec![PinChange::Set(Pin {
            cid: to.clone(),
            mode: PinMode::Recursive,
            name: old.name,
            owner: self.owner,
        })];
        if unpin {
            changes.push(PinChange::Remove(from.clone(), self.owner));
        }
        self.walk_and_commit(&walk, PinError::Node, changes, || check().map(drop))
            .await
    }

    fn recursive(&self, cid: &Cid) -> Result<Option<Pin>, PinError> {
        Ok(self
            .own_pin(cid)?
            .filter(|pin| pin.mode == PinMode::Recursive))
    }

    fn refuse_recursive(&self, cid: &Cid) -> Result<(), PinError> {
        match self.recursive(cid)? {
            Some(_) => Err(PinError::AlreadyRecursive { cid: cid.clone() }),
            None => Ok(()),
        }
    }

    pub(super) async fn walk_and_commit(
        &self,
        walk: &Walk<'_>,
        failed: impl Fn(NodeError) -> PinError,
        changes: Vec<PinChange>,
        check: impl Fn() -> Result<(), PinError>,
    ) -> Result<(), PinError> {
        let hold = self.inner.store.hold();
        let mut again = false;
        loop {
            let removals = self.inner.removals.load(Ordering::Acquire);
            walk.run(&hold, again).await.map_err(&failed)?;
            self.inner.store.sync().await?;
            let no_removal = self.inner.removal.read().await;
            if self.inner.removals.load(Ordering::Acquire) != removals {
                // A block may have been removed behind the walk.
                drop(no_removal);
                again = true;
                continue;
            }
            let _locks = self.inner.lock_all(&changes).await;
            check()?;
            self.inner.commit(changes).await?;
            return Ok(());
        }
    }
}

/// What a walk does with an absent block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Absent {
    /// It is fetched; if that fails, so does the walk.
    Fetch,
    /// It is skipped. A block that cannot be decoded fails the walk: nobody could tell what its pin keeps.
    Pass,
}

/// A walk that ensures that a DAG is complete and protected.
pub(super) struct Walk<'a> {
    pub(super) blocks: &'a Blocks,
    pub(super) root: &'a Cid,
    pub(super) mode: PinMode,
    /// A recursive pin whose blocks are here already.
    pub(super) known: Option<&'a Cid>,
    pub(super) absent: Absent,
    pub(super) progress: Option<&'a Progress>,
}

impl Walk<'_> {
    async fn run(&self, hold: &Hold, again: bool) -> Result<(), NodeError> {
        let blocks = self.blocks.held(Arc::clone(hold));
        if let Some((progress, transfer)) = self.progress.zip(blocks.transfer()) {
            // Of several pins with one progress, the first tells.
            let _ = progress.transfer.set(transfer);
        }
        let mut visited = Visited::default();
        let mut open = WalkStack::default();
        let mut first = Some(self.root.clone());
        let mut fetching = FuturesUnordered::new();
        // What the old pin has below it is here, and that pin keeps it until the commit; afterwards the new one does. Only
        // a block that a `block rm` took in spite of the pin is looked for again.
        if let Some(known) = self.known {
            visited = touch_below(&**blocks.store(), hold, known).await?;
        }
        loop {
            let next = match first.take() {
                None if fetching.len() < FETCHES => next_link(&mut open, &**blocks.store()).await?,
                first => first,
            };
            let Some(cid) = next else {
                let Some((cid, fetched)) = fetching.next().await else {
                    return Ok(());
                };
                let _: bytes::Bytes = fetched?;
                self.arrived(&blocks, &cid, again, &mut open).await?;
                continue;
            };
            tokio::task::consume_budget().await;
            if !visited.enter(&cid) {
                continue;
            }
            let here = cid.hash().identity_data().is_some() || hold.touch(cid.hash()).await?;
            if here {
                self.arrived(&blocks, &cid, again, &mut open).await?;
            } else if self.absent == Absent::Fetch {
                let blocks = blocks.clone();
                fetching.push(async move {
                    let data = blocks.fetch(&cid).await;
                    (cid, data)
                });
            }
        }
    }

    /// Counts a block that is here, and continues with what it links to.
    async fn arrived(
        &self,
        blocks: &Blocks,
        cid: &Cid,
        again: bool,
        open: &mut WalkStack,
    ) -> Result<(), NodeError> {
        let store = blocks.store();
        if let Some(progress) = self.progress.filter(|_| !again) {
            let size = match cid.hash().identity_data() {
                Some(data) => data.len() as u64,
                None => u64::from(store.size(cid.hash()).await?.unwrap_or_default()),
            };
            progress.add(size);
        }
        if self.mode == PinMode::Recursive && may_link(cid.codec()) {
            match links_here(&**store, cid).await {
                Ok(links) => open.push_last(cid.clone(), links),
                Err(error) if self.absent == Absent::Pass && is_absent(&error) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// The next link of a walk over nodes that are here.
async fn next_link(open: &mut WalkStack, store: &dyn BlockStore) -> Result<Option<Cid>, NodeError> {
    loop {
        match open.step() {
            WalkStep::Link(cid, _) => return Ok(Some(cid)),
            WalkStep::Again(node) => open.again(links_here(store, &node).await?),
            WalkStep::Left(..) => {}
            WalkStep::End => return Ok(None),
        }
    }
}

/// What a block that is here links to.
async fn links_here(store: &dyn BlockStore, cid: &Cid) -> Result<PackedLinks, NodeError> {
    let gone = || FetchError::NotFound { cid: cid.clone() };
    Ok(PackedLinks::of(store.links(cid).await?.ok_or_else(gone)?))
}

/// Whether a block is absent, and not invalid in its codec, or the store failed.
fn is_absent(error: &NodeError) -> bool {
    matches!(error, NodeError::Fetch(error) if error.is_not_found())
}

/// Touches what is reachable from a pin, and answers with what that is; with nothing when any of it is absent, since
/// a block that is there may then lack blocks below it.
async fn touch_below(
    store: &dyn BlockStore,
    hold: &Hold,
    root: &Cid,
) -> Result<Visited, NodeError> {
    let mut seen = Visited::default();
    let mut open = WalkStack::default();
    let mut next = Some(root.clone());
    while let Some(cid) = next {
        tokio::task::consume_budget().await;
        if seen.enter(&cid) {
            let here = cid.hash().identity_data().is_some() || hold.touch(cid.hash()).await?;
            if !here {
                return Ok(Visited::default());
            }
            if may_link(cid.codec()) {
                let Some(links) = store.links(&cid).await? else {
                    return Ok(Visited::default());
                };
                open.push_last(cid, PackedLinks::of(links));
            }
        }
        next = next_link(&mut open, store).await?;
    }
    Ok(seen)
}
