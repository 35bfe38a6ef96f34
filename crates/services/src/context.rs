//! What the services of one process share.

use std::sync::Arc;

use cairn_node::Node;
use cairn_primitives::Cid;
use cairn_store::shared::SharedRows;

use crate::backend::Backend;
use crate::locks::{CidLock, CidLocks};

/// What the services of one process share: the rows, the backend, the identity of this process, and its locks.
pub struct Context {
    rows: Arc<dyn SharedRows>,
    backend: Arc<dyn Backend>,
    peer: Arc<str>,
    locks: CidLocks,
    node: Option<Arc<Node>>,
}

impl std::fmt::Debug for Context {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Context")
            .field("backend", &self.backend)
            .field("peer", &self.peer)
            .finish_non_exhaustive()
    }
}

impl Context {
    /// `peer` is the peer ID of the node, as text: it names this process in the shared rows.
    #[must_use]
    pub fn new(
        rows: Arc<dyn SharedRows>,
        backend: Arc<dyn Backend>,
        peer: impl Into<Arc<str>>,
    ) -> Self {
        Self {
            rows,
            backend,
            peer: peer.into(),
            locks: CidLocks::default(),
            node: None,
        }
    }

    /// The same in the repository of a node, which remembers the database.
    #[must_use]
    pub fn in_repository(self, node: Arc<Node>) -> Self {
        Self {
            node: Some(node),
            ..self
        }
    }

    /// The node whose repository remembers the database.
    #[must_use]
    pub fn node(&self) -> Option<&Arc<Node>> {
        self.node.as_ref()
    }

    /// The shared rows.
    #[must_use]
    pub fn rows(&self) -> &Arc<dyn SharedRows> {
        &self.rows
    }

    /// Where content is stored.
    #[must_use]
    pub fn backend(&self) -> &Arc<dyn Backend> {
        &self.backend
    }

    /// The name of this process in the shared rows.
    #[must_use]
    pub fn peer(&self) -> &str {
        &self.peer
    }

    /// Locks a CID in this process, in all its versions. Whoever pins it in the backend holds the lock until a row says that
    /// it is pinned, and whoever unpins it from the check that no row wants it: so neither undoes what the other has
    /// just done. Pins that take long make others of the same CID wait.
    pub async fn lock(&self, cid: &Cid) -> CidLock {
        self.locks.lock(cid).await
    }

    /// As [`Context::lock`]; `None` if another task has the lock.
    #[must_use]
    pub fn try_lock(&self, cid: &Cid) -> Option<CidLock> {
        self.locks.try_lock(cid)
    }
}
