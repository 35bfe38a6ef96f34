//! Locks by CID.

use std::collections::HashMap;
use std::sync::Arc;

use cairn_primitives::{Cid, Multihash};
use parking_lot::Mutex;
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

type Table = Arc<Mutex<HashMap<Multihash, Arc<AsyncMutex<()>>>>>;

/// One lock for each multihash that is in use: the table has as many entries as there are holders and waiters.
#[derive(Debug, Default)]
pub(crate) struct CidLocks {
    table: Table,
}

/// Holds the lock of one CID until it is dropped.
#[derive(Debug)]
#[must_use]
pub struct CidLock {
    table: Table,
    key: Multihash,
    /// `None` while waiting, and while it is dropped.
    held: Option<OwnedMutexGuard<()>>,
}

impl CidLocks {
    pub(crate) async fn lock(&self, cid: &Cid) -> CidLock {
        let (mut lock, entry) = self.entry(cid);
        lock.held = Some(entry.lock_owned().await);
        lock
    }

    pub(crate) fn try_lock(&self, cid: &Cid) -> Option<CidLock> {
        let (mut lock, entry) = self.entry(cid);
        lock.held = Some(entry.try_lock_owned().ok()?);
        Some(lock)
    }

    /// The entry of a CID, and what removes it again.
    fn entry(&self, cid: &Cid) -> (CidLock, Arc<AsyncMutex<()>>) {
        let key = cid.hash().clone();
        let mut table = self.table.lock();
        let entry = Arc::clone(table.entry(key.clone()).or_default());
        let lock = CidLock {
            table: Arc::clone(&self.table),
            key,
            held: None,
        };
        (lock, entry)
    }
}

impl Drop for CidLock {
    fn drop(&mut self) {
        let mut table = self.table.lock();
        self.held = None;
        // Who waits has a reference of its own, and nobody gets another one while the table is locked.
        let unused = table
            .get(&self.key)
            .is_some_and(|entry| Arc::strong_count(entry) == 1);
        if unused {
            table.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use cairn_primitives::Codec;

    use super::*;

    fn cid(codec: Codec) -> Cid {
        Cid::v1(codec, Multihash::sha2_256(b"block"))
    }

    #[tokio::test]
    async fn one_at_a_time_and_nothing_remains() {
        let locks = CidLocks::default();
        let first = locks.lock(&cid(Codec::DAG_PB)).await;
        assert!(locks.try_lock(&cid(Codec::RAW)).is_none());
        {
            // A waiter that gives up.
            let cid = cid(Codec::RAW);
            let mut waiting = std::pin::pin!(locks.lock(&cid));
            assert!(futures_util::poll!(&mut waiting).is_pending());
        }
        let waiting = {
            let table = Arc::clone(&locks.table);
            let locks = CidLocks { table };
            tokio::spawn(async move { locks.lock(&cid(Codec::RAW)).await })
        };
        while Arc::strong_count(locks.table.lock().values().next().unwrap()) < 3 {
            tokio::task::yield_now().await;
        }
        drop(first);
        let second = waiting.await.unwrap();
        assert!(locks.try_lock(&cid(Codec::RAW)).is_none());
        drop(second);
        assert!(locks.table.lock().is_empty());
        drop(locks.try_lock(&cid(Codec::RAW)).unwrap());
        assert!(locks.table.lock().is_empty());
    }
}
