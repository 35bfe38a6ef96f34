//! A disk that fails as disks do, from a seed.
//!
//! Until it is synced, a write is only pending: a crash keeps any version that a 512-byte sector had since the last
//! sync, each sector for itself, so writes are lost, reordered and torn. Entries of a directory vanish or come back in
//! the same way until the directory is synced. An operation can be made to fail, or to be the last before a crash.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::sync::Arc;

use parking_lot::Mutex;

use super::{Access, Disk, DiskFile, DiskLock};

const SECTOR: usize = 512;

/// A small generator of numbers that is the same everywhere (SplitMix64).
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// Starts from a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed ^ 0x9e37_79b9_7f4a_7c15)
    }

    /// The next number.
    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `bound`, which is at least 1.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.next_u64() % bound.max(1)
    }

    /// An index below `len`.
    pub fn index(&mut self, len: usize) -> usize {
        usize::try_from(self.below(len as u64)).unwrap_or(0)
    }

    /// True once in `times`.
    pub fn one_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }
}

/// What the disk was asked to do, in order; for tests about order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SimEvent {
    /// Bytes were written to a file.
    Write(String),
    /// A file was synced.
    Sync(String),
    /// A directory was synced.
    SyncDir(String),
    /// A file was removed.
    Remove(String),
}

/// How an operation is made to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The power goes: this and every later operation fails, until [`SimDisk::restart`].
    Crash,
    /// The next sync of a file fails; what it would have made durable is partly lost for good.
    SyncError,
    /// The next write fails, and leaves some of its sectors written.
    WriteError,
    /// The next write finds the disk full.
    Full,
}

#[derive(Debug, Default)]
struct Inode {
    live: Vec<u8>,
    durable: Vec<u8>,
    /// Versions of each sector since the last sync, oldest first, without the durable one.
    dirty: BTreeMap<usize, Vec<Vec<u8>>>,
}

fn sector(bytes: &[u8], number: usize) -> Vec<u8> {
    let mut out = vec![0; SECTOR];
    let from = bytes.get(number * SECTOR..).unwrap_or_default();
    let len = from.len().min(SECTOR);
    out[..len].copy_from_slice(&from[..len]);
    out
}

impl Inode {
    fn write(&mut self, offset: usize, data: &[u8]) {
        let end = offset + data.len();
        if self.live.len() < end {
            self.live.resize(end, 0);
        }
        self.live[offset..end].copy_from_slice(data);
        if data.is_empty() {
            return;
        }
        for number in offset / SECTOR..=(end - 1) / SECTOR {
            let version = sector(&self.live, number);
            self.dirty.entry(number).or_default().push(version);
        }
    }

    fn set_len(&mut self, len: usize) {
        let before = self.live.len();
        self.live.resize(len, 0);
        // What was cut away reads as zeros if the file grows again.
        if len < before {
            for number in len / SECTOR..=(before - 1) / SECTOR {
                let version = sector(&self.live, number);
                self.dirty.entry(number).or_default().push(version);
            }
        }
    }

    fn settle(&mut self, rng: &mut Rng) {
        let len = if rng.one_in(2) {
            self.live.len()
        } else {
            self.durable.len()
        };
        self.durable.resize(len, 0);
        // Some crashes keep nearly everything, some nearly nothing, some each sector by a coin.
        let bias = rng.below(4);
        for (number, versions) in std::mem::take(&mut self.dirty) {
            let pick = match bias {
                0 => versions.len(),
                1 => 0,
                _ => rng.index(versions.len() + 1),
            };
            let Some(version) = pick.checked_sub(1).and_then(|at| versions.get(at)) else {
                continue;
            };
            let from = number * SECTOR;
            if from < self.durable.len() {
                let end = (from + SECTOR).min(self.durable.len());
                self.durable[from..end].copy_from_slice(&version[..end - from]);
            }
        }
    }

    fn sync(&mut self) {
        self.durable.resize(self.live.len(), 0);
        for number in std::mem::take(&mut self.dirty).into_keys() {
            let from = (number * SECTOR).min(self.live.len());
            let end = (from + SECTOR).min(self.live.len());
            self.durable[from..end].copy_from_slice(&self.live[from..end]);
        }
    }
}

/// Names that change together.
type EntryChange = Vec<(String, Option<u64>)>;

#[derive(Debug, Default)]
struct State {
    rng: Option<Rng>,
    inodes: HashMap<u64, Inode>,
    next_inode: u64,
    live: BTreeMap<String, u64>,
    durable: BTreeMap<String, u64>,
    changes: Vec<EntryChange>,
    operations: u64,
    plan: Option<(u64, Fault)>,
    crashed: bool,
    capacity: Option<u64>,
    events: Option<Vec<SimEvent>>,
    locked: bool,
    power: u64,
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(dir, _)| dir)
}

fn power_cut() -> io::Error {
    io::Error::other("the power is off")
}

impl State {
    /// Counts an operation; answers the fault that is due now.
    fn step(&mut self, power: u64) -> io::Result<Option<Fault>> {
        if self.crashed || self.power != power {
            return Err(power_cut());
        }
        self.operations += 1;
        match self.plan {
            Some((at, Fault::Crash)) if self.operations >= at => {
                self.crashed = true;
                Err(power_cut())
            }
            Some((at, fault)) if self.operations >= at => Ok(Some(fault)),
            _ => Ok(None),
        }
    }

    fn rng(&mut self) -> &mut Rng {
        self.rng.get_or_insert_with(|| Rng::new(0))
    }

    fn used(&self) -> u64 {
        self.live
            .values()
            .filter_map(|inode| self.inodes.get(inode))
            .map(|inode| inode.live.len() as u64)
            .sum()
    }

    fn record(&mut self, event: impl FnOnce() -> SimEvent) {
        if let Some(events) = &mut self.events {
            events.push(event());
        }
    }

    fn change(&mut self, change: EntryChange) {
        for (name, inode) in &change {
            match inode {
                Some(inode) => self.live.insert(name.clone(), *inode),
                None => self.live.remove(name),
            };
        }
        self.changes.push(change);
    }
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

    /// Takes back a planned fault.
    pub fn calm(&self) {
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

    /// Begins to record what happens.
    pub fn record(&self) {
        self.state.lock().events = Some(Vec::new());
    }

    /// What has happened since [`SimDisk::record`].
    #[must_use]
    pub fn events(&self) -> Vec<SimEvent> {
        self.state.lock().events.clone().unwrap_or_default()
    }

    /// Cuts the power and turns it on again: what was not durable is settled by the seed. Returns the disk as the next
    /// life of the machine sees it; every older handle fails from now on.
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

#[derive(Debug)]
struct SimFile {
    disk: SimDisk,
    inode: u64,
    path: String,
}

fn position(offset: u64) -> io::Result<usize> {
    usize::try_from(offset).map_err(|_| io::ErrorKind::InvalidInput.into())
}

impl SimFile {
    fn with<T>(&self, run: impl FnOnce(&mut State, &mut Inode) -> io::Result<T>) -> io::Result<T> {
        let mut state = self.disk.state.lock();
        if state.crashed || state.power != self.disk.power {
            return Err(power_cut());
        }
        let mut inode = state.inodes.remove(&self.inode).ok_or_else(power_cut)?;
        let answer = run(&mut state, &mut inode);
        state.inodes.insert(self.inode, inode);
        answer
    }

    /// Whether growing to `len` is refused.
    fn refuse(state: &State, inode: &Inode, len: usize) -> io::Result<()> {
        // The inode is out of the table while it is written to.
        let used = state.used() + inode.live.len() as u64;
        let grown = (len as u64).saturating_sub(inode.live.len() as u64);
        match state.capacity {
            Some(capacity) if grown > 0 && used + grown > capacity => {
                Err(io::ErrorKind::StorageFull.into())
            }
            _ => Ok(()),
        }
    }
}

impl DiskFile for SimFile {
    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<usize> {
        self.with(|_, inode| {
            let from = inode.live.get(position(offset)?..).unwrap_or_default();
            let len = from.len().min(out.len());
            out[..len].copy_from_slice(&from[..len]);
            Ok(len)
        })
    }

    fn write_at(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.with(|state, inode| {
            let offset = position(offset)?;
            let fault = match state.step(self.disk.power) {
                Ok(fault) => fault,
                Err(error) => {
                    // The write on which the power goes may be partly under way.
                    let part = state.rng().index(data.len() + 1);
                    inode.write(offset, data.get(..part).unwrap_or_default());
                    return Err(error);
                }
            };
            if fault == Some(Fault::WriteError) {
                state.plan = None;
                let part = state.rng().index(data.len() + 1);
                inode.write(offset, data.get(..part).unwrap_or_default());
                return Err(io::Error::other("injected write error"));
            }
            if fault == Some(Fault::Full) {
                state.plan = None;
                return Err(io::ErrorKind::StorageFull.into());
            }
            Self::refuse(state, inode, offset + data.len())?;
            state.record(|| SimEvent::Write(self.path.clone()));
            inode.write(offset, data);
            Ok(())
        })
    }

    fn sync_data(&self) -> io::Result<()> {
        self.with(|state, inode| {
            if state.step(self.disk.power)? == Some(Fault::SyncError) {
                state.plan = None;
                // The pages are marked clean, whatever became of them: no later sync writes them again.
                let mut rng = state.rng().clone();
                inode.settle(&mut rng);
                state.rng = Some(rng);
                return Err(io::Error::other("injected sync error"));
            }
            state.record(|| SimEvent::Sync(self.path.clone()));
            inode.sync();
            Ok(())
        })
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.with(|state, inode| {
            state.step(self.disk.power)?;
            let len = position(len)?;
            Self::refuse(state, inode, len)?;
            inode.set_len(len);
            Ok(())
        })
    }

    fn len(&self) -> io::Result<u64> {
        self.with(|_, inode| Ok(inode.live.len() as u64))
    }

    fn allocate(&self, len: u64) -> io::Result<()> {
        if len > self.len()? {
            self.set_len(len)
        } else {
            Ok(())
        }
    }
}
