//! Pins.
//!
//! A pin is made in this order: take a hold, walk with touches (fetching absent blocks), sync the store, commit the
//! row, drop the hold. So a concurrent collection never removes a block of a pin, and after a crash every pin row has
//! its blocks.

mod add;
mod error;
mod find;
mod list;
mod remove;
mod verify;
mod written;

use std::fmt;
use std::hash::BuildHasher as _;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use cairn_primitives::Cid;
use cairn_store::BlockStore;
use cairn_store::block::Root;
use cairn_store::meta::{Pin, PinChange, PinMode, PinOwner, Rows};
use foldhash::fast::FixedState;
use tokio::sync::{Mutex, MutexGuard, RwLock};

pub use add::Progress;
pub use error::{MAX_NAME, PinError, RemoveError};
pub use list::{Listed, Query};
pub use verify::{BadBlock, PinStatus};
pub use written::Below;

/// Locks for pins, by CID: changes of one CID are in a row, changes of others share the database's syncs.
const STRIPES: usize = 64;

/// Creates, removes and finds the pins of a store.
///
/// It makes and removes the pins of one owner, the node's users unless it comes from [`Pinner::of`]; what it finds and
/// lists are the pins of all owners. One per process with its clones, because it tracks running operations. Cheap to clone.
#[derive(Clone)]
pub struct Pinner {
    inner: Arc<Inner>,
    owner: PinOwner,
}

struct Inner {
    store: Arc<dyn BlockStore>,
    rows: Arc<dyn Rows>,
    stripes: Vec<Mutex<()>>,
    /// Held for reading while a pin is committed, for writing while a block is removed in spite of all holds.
    removal: RwLock<()>,
    /// How many explicit removals of blocks there were: a walk that one crossed is done again.
    removals: AtomicU64,
    listener: parking_lot::RwLock<Option<PinListener>>,
}

/// Is called with new pins after they have committed. Must return at once.
pub type PinListener = Arc<dyn Fn(&[Root]) + Send + Sync>;

impl Pinner {
    /// The pins in `rows`, which belong to `store`.
    #[must_use]
    pub fn new(store: Arc<dyn BlockStore>, rows: Arc<dyn Rows>) -> Self {
        let stripes = (0..STRIPES).map(|_| Mutex::new(())).collect();
        Self {
            inner: Arc::new(Inner {
                store,
                rows,
                stripes,
                removal: RwLock::new(()),
                removals: AtomicU64::new(0),
                listener: parking_lot::RwLock::default(),
            }),
            owner: PinOwner::User,
        }
    }

    /// The same pins, to make and remove those of this owner.
    #[must_use]
    pub fn of(&self, owner: PinOwner) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
            owner,
        }
    }

    /// A pin of its owner.
    fn own_pin(&self, cid: &Cid) -> Result<Option<Pin>, PinError> {
        Ok(self.inner.rows.pin(cid, self.owner)?)
    }

    /// Sets or removes what is called with new pins.
    pub fn set_listener(&self, listener: Option<PinListener>) {
        *self.inner.listener.write() = listener;
    }

    /// The store.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn BlockStore> {
        &self.inner.store
    }

    /// The rows.
    #[must_use]
    pub fn rows(&self) -> &Arc<dyn Rows> {
        &self.inner.rows
    }
}

impl Inner {
    /// Commits pins, and tells the listener of them.
    async fn commit(&self, changes: Vec<PinChange>) -> Result<(), PinError> {
        let listener = self.listener.read().clone();
        let roots: Vec<Root> = match listener {
            None => Vec::new(),
            Some(_) => changes.iter().filter_map(new_root).collect(),
        };
        self.rows.change_pins(changes).await?;
        if let Some(listener) = listener.filter(|_| !roots.is_empty()) {
            listener(&roots);
        }
        Ok(())
    }

    fn stripe(&self, cid: &Cid) -> usize {
        #[expect(clippy::cast_possible_truncation, reason = "less than STRIPES")]
        let at = (FixedState::default().hash_one(cid) % STRIPES as u64) as usize;
        at
    }

    fn lock(&self, stripe: usize) -> Option<&Mutex<()>> {
        self.stripes.get(stripe)
    }

    /// Takes the lock of the pins of a CID.
    async fn lock_one(&self, cid: &Cid) -> Option<MutexGuard<'_, ()>> {
        match self.lock(self.stripe(cid)) {
            Some(lock) => Some(lock.lock().await),
            None => None,
        }
    }

    /// Takes the locks of all pins that change, in a fixed order to avoid deadlocks.
    async fn lock_all(&self, changes: &[PinChange]) -> Vec<MutexGuard<'_, ()>> {
        let cids = changes.iter().map(|change| match change {
            PinChange::Set(pin) => &pin.cid,
            PinChange::Remove(cid, _) => cid,
        });
        let mut stripes: Vec<usize> = cids.map(|cid| self.stripe(cid)).collect();
        stripes.sort_unstable();
        stripes.dedup();
        let mut locks = Vec::with_capacity(stripes.len());
        for lock in stripes.into_iter().filter_map(|stripe| self.lock(stripe)) {
            locks.push(lock.lock().await);
        }
        locks
    }
}

impl fmt::Debug for Pinner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pinner")
            .field("store", &self.inner.store.id())
            .finish_non_exhaustive()
    }
}

/// The type of pins in a query.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PinKind {
    /// Any.
    #[default]
    All,
    /// Pins of one block.
    Direct,
    /// Blocks below recursive pins.
    Indirect,
    /// Pins of whole DAGs.
    Recursive,
}

impl PinKind {
    /// Whether pins of this mode are of this kind.
    const fn includes(self, mode: PinMode) -> bool {
        match self {
            Self::All => true,
            Self::Recursive => matches!(mode, PinMode::Recursive),
            Self::Direct => matches!(mode, PinMode::Direct),
            Self::Indirect => false,
        }
    }
}

impl FromStr for PinKind {
    type Err = PinError;

    fn from_str(text: &str) -> Result<Self, PinError> {
        match text {
            "all" => Ok(Self::All),
            "direct" => Ok(Self::Direct),
            "indirect" => Ok(Self::Indirect),
            "recursive" => Ok(Self::Recursive),
            _ => Err(PinError::UnknownKind(text.to_owned())),
        }
    }
}

/// Whether and how a CID is pinned.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PinState {
    /// It is not pinned.
    NotPinned,
    /// It has its own pin.
    Pinned {
        /// The mode of the pin.
        mode: PinMode,
        /// Its name; empty when there is none.
        name: String,
    },
    /// It is reachable from a recursive pin.
    Indirect {
        /// That pin; if there are several, the first by the bytes of its CID.
        via: Cid,
    },
}

impl fmt::Display for PinState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotPinned => f.write_str("not pinned"),
            Self::Pinned {
                mode: PinMode::Recursive,
                ..
            } => f.write_str("pinned: recursive"),
            Self::Pinned {
                mode: PinMode::Direct,
                ..
            } => f.write_str("pinned: direct"),
            Self::Indirect { via } => write!(f, "pinned via {via}"),
        }
    }
}

/// Checks the name of a pin.
pub fn check_name(name: &str) -> Result<(), PinError> {
    if name.len() > MAX_NAME {
        Err(PinError::NameTooLong { length: name.len() })
    } else {
        Ok(())
    }
}

fn new_root(change: &PinChange) -> Option<Root> {
    match change {
        PinChange::Set(pin) => Some(Root {
            cid: pin.cid.clone(),
            recursive: pin.mode == PinMode::Recursive,
        }),
        PinChange::Remove(..) => None,
    }
}
