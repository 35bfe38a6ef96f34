//! redb on the storage that a store runs on.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use redb::Database;

use super::super::disk::DiskFile;
use super::index::IndexFault;
use super::reserve::Reserve;

/// Opens a database in a file, or makes one in an empty file.
pub(super) fn launch(
    file: Arc<dyn DiskFile>,
    cache: usize,
    reserve: &Arc<Reserve>,
    must_rebuild: &Arc<AtomicBool>,
) -> Result<Database, IndexFault> {
    let backend = Backend {
        file,
        reserve: Arc::clone(reserve),
        must_rebuild: Arc::clone(must_rebuild),
    };
    // A file that is not what redb wrote can make it panic: that index is broken, and is made again.
    let opened = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let mut builder = Database::builder();
        builder.set_cache_size(cache);
        builder.create_with_backend(backend)
    }));
    match opened {
        Ok(Ok(database)) => Ok(database),
        Ok(Err(redb::DatabaseError::Storage(redb::StorageError::Io(error))))
            if error.kind() != io::ErrorKind::UnexpectedEof
                && error.kind() != io::ErrorKind::InvalidData =>
        {
            Err(IndexFault::Io(error))
        }
        Ok(Err(error)) => Err(IndexFault::Broken(error.to_string())),
        Err(_) => Err(IndexFault::Broken(
            "its structure makes no sense".to_owned(),
        )),
    }
}

/// redb over our disk.
#[derive(Debug)]
struct Backend {
    file: Arc<dyn DiskFile>,
    reserve: Arc<Reserve>,
    must_rebuild: Arc<AtomicBool>,
}

impl Backend {
    /// Runs a write; on a full disk, once more on what the reserve gives free: redb takes nothing after a failure.
    fn with_reserve(&self, run: impl Fn() -> io::Result<()>) -> io::Result<()> {
        match run() {
            Err(error) if error.kind() == io::ErrorKind::StorageFull && self.reserve.release() => {
                run()
            }
            other => other,
        }
    }
}

impl redb::StorageBackend for Backend {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        super::super::disk::read_exact(&*self.file, offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        // Growing takes the space up, so that a full disk shows here and not in the middle of a commit.
        self.with_reserve(|| {
            if len > self.file.len()? {
                self.file.allocate(len)
            } else {
                self.file.set_len(len)
            }
        })
    }

    fn sync_data(&self) -> io::Result<()> {
        // Never tried again: the system may have forgotten what it could not write.
        self.file
            .sync_data()
            .inspect_err(|_| self.must_rebuild.store(true, Ordering::Release))
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.with_reserve(|| self.file.write_at(offset, data))
    }
}
