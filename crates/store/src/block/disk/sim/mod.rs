//! A disk that fails like real disks, driven by a seed.
//!
//! Until it is synced, a write is pending: a crash keeps any version that a 512-byte sector had since the last sync,
//! independently for each sector, so writes are lost, reordered and torn. Directory entries vanish or reappear in the
//! same way until the directory is synced. An operation can be made to fail, or to be the last before a crash.

mod file;
mod inode;
mod rng;
mod state;

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use parking_lot::Mutex;

use self::file::SimFile;
use self::inode::Inode;
pub use self::rng::Rng;
pub use self::state::{Fault, SimEvent};
use self::state::{State, power_cut};
use super::{Access, Disk, DiskFile, DiskLock};

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(dir, _)| dir)
}

/// A simulated disk; clones are the same disk.
#[derive(Clone, Debug)]
pub struct SimDisk {
    state: Arc<Mutex<State>>,
    /// Which life of the machine this handle belongs to: after a restart, old handles see no disk.
    power: u64,
}

impl SimDisk {
    /// An empty disk.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            state: Arc::new(Mutex::new(State {
                rng: Some(Rng::new(seed)),
                ..State::default()
            })),
            power: 0,
        }
    }

    /// Makes the `after`-th operation from now fail (1 is the next one).
    pub fn plan(&self, after: u64, fault: Fault) {
        let mut state = self.state.lock();
        state.plan = Some((state.operations + after, fault));
    }

    /// Cancels a planned fault.
    pub fn clear_faults(&self) {
        self.state.lock().plan = None;
    }

    /// Operations so far.
    #[must_use]
    pub fn operations(&self) -> u64 {
        self.state.lock().operations
    }

    /// Whether a planned crash has happened.
    #[must_use]
    pub fn crashed(&self) -> bool {
        self.state.lock().crashed
    }

    /// Limits the bytes of all files.
    pub fn set_capacity(&self, bytes: Option<u64>) {
        self.state.lock().capacity = bytes;
    }

    /// Bytes of all files.
    #[must_use]
    pub fn used(&self) -> u64 {
        self.state.lock().used()
    }

    /// Begins to record what happens.
    pub fn record(&self) {
        self.state.lock().events = Some(Vec::new());
    }

    /// What has happened since [`SimDisk::record`].
    #[must_use]
    pub fn events(&self) -> Vec<SimEvent> {
        self.state.lock().events.clone().unwrap_or_default()
    }

    /// Cuts the power and turns it on again: the seed decides what remains of unsynced writes. Returns the disk as
    /// the next life of the machine sees it; all older handles fail from now on.
    #[must_use]
    pub fn restart(&self) -> Self {
        let mut state = self.state.lock();
        let mut rng = state.rng().clone();
        let changes = std::mem::take(&mut state.changes);
        let keep_all = rng.one_in(3);
        for change in changes {
            if keep_all || rng.one_in(2) {
                for (name, inode) in change {
                    match inode {
                        Some(inode) => state.durable.insert(name, inode),
                        None => state.durable.remove(&name),
                    };
                }
            }
        }
        state.live = state.durable.clone();
        let mut numbers: Vec<u64> = state.inodes.keys().copied().collect();
        numbers.sort_unstable();
        for number in numbers {
            let named = state.live.values().any(|inode| *inode == number);
            if let Some(inode) = state.inodes.get_mut(&number).filter(|_| named) {
                inode.settle(&mut rng);
                inode.live.clone_from(&inode.durable);
            } else {
                state.inodes.remove(&number);
            }
        }
        state.rng = Some(rng);
        state.crashed = false;
        state.plan = None;
        state.locked = false;
        state.power += 1;
        Self {
            state: Arc::clone(&self.state),
            power: state.power,
        }
    }

    /// Ends the process but not the machine: nothing is lost, and old handles fail from now on (`kill -9`).
    #[must_use]
    pub fn kill(&self) -> Self {
        let mut state = self.state.lock();
        state.locked = false;
        state.crashed = false;
        state.plan = None;
        state.power += 1;
        Self {
            state: Arc::clone(&self.state),
            power: state.power,
        }
    }

    /// The bytes of a file, for tests that damage it.
    #[must_use]
    pub fn contents(&self, path: &str) -> Option<Vec<u8>> {
        let state = self.state.lock();
        state
            .live
            .get(path)
            .and_then(|inode| state.inodes.get(inode))
            .map(|inode| inode.live.clone())
    }

    /// Replaces (or with `None` removes) a file, durably and without counting.
    pub fn tamper(&self, path: &str, bytes: Option<&[u8]>) {
        let mut state = self.state.lock();
        let Some(bytes) = bytes else {
            state.live.remove(path);
            state.durable.remove(path);
            return;
        };
        state.next_inode += 1;
        let number = state.next_inode;
        state.inodes.insert(
            number,
            Inode {
                live: bytes.to_vec(),
                durable: bytes.to_vec(),
                dirty: BTreeMap::new(),
            },
        );
        state.live.insert(path.to_owned(), number);
        state.durable.insert(path.to_owned(), number);
    }
}

impl Disk for SimDisk {
    fn open(&self, path: &str, access: Access, _direct: bool) -> io::Result<Arc<dyn DiskFile>> {
        let mut state = self.state.lock();
        let inode = match (state.live.get(path).copied(), access) {
            (Some(_), Access::Create) => return Err(io::ErrorKind::AlreadyExists.into()),
            (Some(inode), _) => {
                if state.crashed || state.power != self.power {
                    return Err(power_cut());
                }
                inode
            }
            (None, Access::Create) => {
                state.step(self.power)?;
                state.next_inode += 1;
                let inode = state.next_inode;
                state.inodes.insert(inode, Inode::default());
                state.change(vec![(path.to_owned(), Some(inode))]);
                inode
            }
            (None, _) => return Err(io::ErrorKind::NotFound.into()),
        };
        Ok(Arc::new(SimFile {
            disk: self.clone(),
            inode,
            path: path.to_owned(),
        }))
    }

    fn list(&self, dir: &str) -> io::Result<Vec<String>> {
        let state = self.state.lock();
        if state.crashed || state.power != self.power {
            return Err(power_cut());
        }
        let names = state.live.keys().filter(|path| parent(path) == dir);
        Ok(names
            .map(|path| {
                path.rsplit_once('/')
                    .map_or(path.as_str(), |(_, name)| name)
                    .to_owned()
            })
            .collect())
    }

    fn make_dir(&self, _dir: &str) -> io::Result<()> {
        Ok(())
    }

    fn remove(&self, path: &str) -> io::Result<()> {
        let mut state = self.state.lock();
        state.step(self.power)?;
        if !state.live.contains_key(path) {
            return Err(io::ErrorKind::NotFound.into());
        }
        state.record(|| SimEvent::Remove(path.to_owned()));
        state.change(vec![(path.to_owned(), None)]);
        Ok(())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.state.lock();
        state.step(self.power)?;
        let inode = *state.live.get(from).ok_or(io::ErrorKind::NotFound)?;
        state.change(vec![(from.to_owned(), None), (to.to_owned(), Some(inode))]);
        Ok(())
    }

    fn sync_dir(&self, dir: &str) -> io::Result<()> {
        let mut state = self.state.lock();
        state.step(self.power)?;
        state.record(|| SimEvent::SyncDir(dir.to_owned()));
        let changes = std::mem::take(&mut state.changes);
        for change in changes {
            if change.iter().any(|(name, _)| parent(name) == dir) {
                for (name, inode) in change {
                    match inode {
                        Some(inode) => state.durable.insert(name, inode),
                        None => state.durable.remove(&name),
                    };
                }
            } else {
                state.changes.push(change);
            }
        }
        Ok(())
    }

    fn free_space(&self) -> io::Result<u64> {
        let state = self.state.lock();
        Ok(state
            .capacity
            .map_or(1 << 40, |capacity| capacity.saturating_sub(state.used())))
    }

    fn lock(&self, _path: &str, _shared: bool) -> io::Result<Option<Box<dyn DiskLock>>> {
        let mut state = self.state.lock();
        if state.locked {
            return Ok(None);
        }
        state.locked = true;
        Ok(Some(Box::new(SimLock { disk: self.clone() })))
    }
}

#[derive(Debug)]
struct SimLock {
    disk: SimDisk,
}

impl DiskLock for SimLock {}

impl Drop for SimLock {
    fn drop(&mut self) {
        let mut state = self.disk.state.lock();
        if state.power == self.disk.power {
            state.locked = false;
        }
    }
}
