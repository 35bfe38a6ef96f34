//! A snapshot of the index that lookups share.
//!
//! Starting a transaction and opening a table costs more than a lookup. Nothing changes between two commits, so one
//! snapshot serves all lookups until the next.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::RwLock;

use super::index::Blocks;

/// The snapshot, while there is one.
#[derive(Default)]
pub(super) struct Snapshot {
    /// Advanced after each change of the index.
    changes: AtomicU64,
    shared: RwLock<Option<(u64, Arc<Blocks>)>>,
}

impl Snapshot {
    /// How often the index has changed. What is read from the index afterwards is at least as new.
    pub(super) fn changes(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }

    /// The snapshot, if it is that of this state.
    pub(super) fn get(&self, changes: u64) -> Option<Arc<Blocks>> {
        let shared = self.shared.read();
        let (at, table) = shared.as_ref()?;
        (*at == changes).then(|| Arc::clone(table))
    }

    /// Shares a table that was opened after [`Snapshot::changes`] gave `changes`.
    pub(super) fn put(&self, changes: u64, table: Blocks) {
        let mut shared = self.shared.write();
        // One that is old already would keep pages of the database from being used again.
        if self.changes() == changes {
            *shared = Some((changes, Arc::new(table)));
        }
    }

    /// The index has changed.
    pub(super) fn changed(&self) {
        let mut shared = self.shared.write();
        self.changes.fetch_add(1, Ordering::AcqRel);
        let old = shared.take();
        drop(shared);
        drop(old);
    }
}

impl std::fmt::Debug for Snapshot {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Snapshot")
            .field("changes", &self.changes())
            .finish_non_exhaustive()
    }
}
