//! An open file of the disk.

use std::io;

use super::super::DiskFile;
use super::inode::Inode;
use super::state::{State, power_cut};
use super::{Fault, SimDisk, SimEvent};

#[derive(Debug)]
pub(super) struct SimFile {
    pub(super) disk: SimDisk,
    pub(super) inode: u64,
    pub(super) path: String,
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

    fn is_cached(&self, _offset: u64, _len: u64) -> bool {
        true
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
