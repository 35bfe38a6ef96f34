//! Rows in memory: for tests, and for temporary nodes.

mod mfs;
mod names;
mod pins;
mod references;

use std::collections::BTreeMap;
use std::sync::Arc;

use cairn_primitives::{Cid, PeerId};
use futures_util::future::BoxFuture;
use parking_lot::RwLock;

use super::{NameRecord, Pin, PinOwner, Reference, RowError, Rows};

/// Pins by the CID's bytes and the owner: that is the order in which they are listed.
type Pins = BTreeMap<(Vec<u8>, PinOwner), Pin>;

/// Rows in memory, with the contract of the durable ones except durability.
#[derive(Debug, Default)]
pub struct MemoryRows {
    state: RwLock<State>,
}

#[derive(Debug, Default)]
struct State {
    store_id: Option<String>,
    mfs_root: Option<Cid>,
    /// Shared with listings that run: a change made meanwhile copies the map, so that they keep their view.
    pins: Arc<Pins>,
    references: BTreeMap<Vec<u8>, Reference>,
    names: BTreeMap<PeerId, NameRecord>,
    closed: bool,
}

impl State {
    fn open(&self) -> Result<&Self, RowError> {
        if self.closed {
            Err(RowError::Closed)
        } else {
            Ok(self)
        }
    }
}

impl MemoryRows {
    /// Empty rows.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Rows for MemoryRows {
    fn store_id(&self) -> Result<Option<String>, RowError> {
        Ok(self.state.read().open()?.store_id.clone())
    }

    fn bind<'a>(&'a self, store_id: &'a str) -> BoxFuture<'a, Result<(), RowError>> {
        Box::pin(async move {
            let mut state = self.state.write();
            state.open()?;
            state.store_id = Some(store_id.to_owned());
            Ok(())
        })
    }

    fn close(&self) -> BoxFuture<'_, Result<(), RowError>> {
        Box::pin(async move {
            self.state.write().closed = true;
            Ok(())
        })
    }
}
