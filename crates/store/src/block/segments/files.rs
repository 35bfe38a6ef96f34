//! Segments open for reading.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use parking_lot::Mutex;

use super::super::disk::{Access, Disk, DiskFile};
use super::record;

#[derive(Debug, Default)]
struct Open {
    files: HashMap<u32, (u64, Arc<dyn DiskFile>)>,
    clock: u64,
}

/// A bounded cache of open segments. A file stays readable for whoever got it, even when it is removed.
#[derive(Debug)]
pub(super) struct Files {
    disk: Arc<dyn Disk>,
    limit: usize,
    open: Mutex<Open>,
}

impl Files {
    pub(super) fn new(disk: Arc<dyn Disk>, limit: usize) -> Self {
        Self {
            disk,
            limit: limit.max(1),
            open: Mutex::default(),
        }
    }

    /// The file of a segment, if it is open.
    pub(super) fn opened(&self, segment: u32) -> Option<Arc<dyn DiskFile>> {
        let mut open = self.open.lock();
        open.clock += 1;
        let now = open.clock;
        let (used, file) = open.files.get_mut(&segment)?;
        *used = now;
        Some(Arc::clone(file))
    }

    /// The file of a segment.
    pub(super) fn get(&self, segment: u32) -> io::Result<Arc<dyn DiskFile>> {
        let mut open = self.open.lock();
        open.clock += 1;
        let now = open.clock;
        if let Some((used, file)) = open.files.get_mut(&segment) {
            *used = now;
            return Ok(Arc::clone(file));
        }
        let file = self
            .disk
            .open(&record::path(segment), Access::Read, false)?;
        if open.files.len() >= self.limit
            && let Some(oldest) = open
                .files
                .iter()
                .min_by_key(|(_, (used, _))| *used)
                .map(|(segment, _)| *segment)
        {
            open.files.remove(&oldest);
        }
        open.files.insert(segment, (now, Arc::clone(&file)));
        Ok(file)
    }

    /// Forgets a segment that is gone.
    pub(super) fn forget(&self, segment: u32) {
        self.open.lock().files.remove(&segment);
    }
}
