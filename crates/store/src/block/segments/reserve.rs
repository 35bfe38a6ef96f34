//! A file that reserves space, which is freed when the disk is full.

use std::io;
use std::sync::Arc;

use parking_lot::Mutex;

use super::super::disk::{Access, Disk, DiskFile};

const PATH: &str = "reserve";

/// The reserve file.
#[derive(Debug)]
pub(super) struct Reserve {
    disk: Arc<dyn Disk>,
    size: u64,
    held: Mutex<Option<Arc<dyn DiskFile>>>,
}

impl Reserve {
    /// A reserve that holds nothing yet.
    pub(super) fn new(disk: Arc<dyn Disk>, size: u64) -> Self {
        Self {
            disk,
            size,
            held: Mutex::new(None),
        }
    }

    /// Takes the space up, when there is twice as much; otherwise later.
    pub(super) fn fill(&self) -> io::Result<()> {
        let mut held = self.held.lock();
        if self.size == 0 || held.is_some() {
            return Ok(());
        }
        let file = match self.disk.open(PATH, Access::Create, false) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                self.disk.open(PATH, Access::Write, false)?
            }
            other => other?,
        };
        let lacking = self.size.saturating_sub(file.len()?);
        if lacking == 0 || self.disk.free_space()? > 2 * lacking {
            file.allocate(self.size)?;
            *held = Some(file);
        }
        Ok(())
    }

    /// Gives the space free; whether there was any.
    pub(super) fn release(&self) -> bool {
        let mut held = self.held.lock();
        let Some(file) = held.take() else {
            return false;
        };
        match file.set_len(0) {
            Ok(()) => true,
            Err(error) => {
                tracing::warn!(%error, "cannot release the block store's reserve");
                false
            }
        }
    }
}
