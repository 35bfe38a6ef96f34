//! What the disk has, what a crash would leave of it, and which fault comes when.

use std::collections::{BTreeMap, HashMap};
use std::io;

use super::Rng;
use super::inode::Inode;

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

/// Names that change together.
pub(super) type EntryChange = Vec<(String, Option<u64>)>;

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) rng: Option<Rng>,
    pub(super) inodes: HashMap<u64, Inode>,
    pub(super) next_inode: u64,
    pub(super) live: BTreeMap<String, u64>,
    pub(super) durable: BTreeMap<String, u64>,
    pub(super) changes: Vec<EntryChange>,
    pub(super) operations: u64,
    pub(super) plan: Option<(u64, Fault)>,
    pub(super) crashed: bool,
    pub(super) capacity: Option<u64>,
    pub(super) events: Option<Vec<SimEvent>>,
    pub(super) locked: bool,
    pub(super) power: u64,
}

pub(super) fn power_cut() -> io::Error {
    io::Error::other("the power is off")
}

impl State {
    /// Counts an operation; answers the fault that is due now.
    pub(super) fn step(&mut self, power: u64) -> io::Result<Option<Fault>> {
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

    pub(super) fn rng(&mut self) -> &mut Rng {
        self.rng.get_or_insert_with(|| Rng::new(0))
    }

    pub(super) fn used(&self) -> u64 {
        self.live
            .values()
            .filter_map(|inode| self.inodes.get(inode))
            .map(|inode| inode.live.len() as u64)
            .sum()
    }

    pub(super) fn record(&mut self, event: impl FnOnce() -> SimEvent) {
        if let Some(events) = &mut self.events {
            events.push(event());
        }
    }

    pub(super) fn change(&mut self, change: EntryChange) {
        for (name, inode) in &change {
            match inode {
                Some(inode) => self.live.insert(name.clone(), *inode),
                None => self.live.remove(name),
            };
        }
        self.changes.push(change);
    }
}
