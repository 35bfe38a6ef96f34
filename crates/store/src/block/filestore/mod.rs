//! The filestore: a store over another one that adds blocks whose bytes are in the user's files.
//!
//! Writes go to the store below; references are only made by [`Filestore::refer`]. A block that both have is read
//! from the store below. References name files below one directory, and every read is verified by its hash: a changed
//! file causes an error and never wrong bytes.
//!
//! Kubo's counterpart: <https://github.com/ipfs/kubo/blob/master/docs/experimental-features.md#ipfs-filestore>

mod collect;
mod hold;
mod paths;
mod read;
mod refer;
mod store;

#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use cairn_primitives::{Cid, Codec, Multihash};
use parking_lot::{Mutex, RwLock};

use self::read::Reader;
pub use self::refer::NewReference;
use super::future::BlockingReads;
use super::holds::Holds;
use super::traits::{BlockError, BlockStore};
use super::wait::wait;
use crate::meta::{
    MAX_REFERENCES, Reference, ReferenceChange, ReferenceOrder, ReferenceRows, RowError,
};

/// References that are listed at a time.
const PAGE: usize = 1024;

/// How a [`Filestore`] is opened.
#[derive(Clone, Debug)]
pub struct FilestoreOptions {
    /// The directory that contains all referenced files; absolute.
    pub root: PathBuf,
    /// Whether references to files are followed and made.
    pub files: bool,
    /// Whether references to URLs are allowed. They are not supported anyway: this only selects the error.
    pub urls: bool,
}

impl FilestoreOptions {
    /// Options for files below the directory that contains a repository.
    ///
    /// # Errors
    /// When the path is relative and the working directory cannot be determined.
    pub fn for_repository(repository: &Path, files: bool, urls: bool) -> io::Result<Self> {
        let absolute = std::path::absolute(repository)?;
        let mut root = paths::clean(&absolute).unwrap_or(absolute);
        root.pop();
        Ok(Self { root, files, urls })
    }
}

/// What holds and their store share.
struct Shared {
    below: Arc<dyn BlockStore>,
    rows: Arc<dyn ReferenceRows>,
    options: FilestoreOptions,
    /// The next reference's id.
    next_id: AtomicU64,
    /// Locked for writing while a collection takes references, for reading from finding one until it is in a hold.
    gate: RwLock<()>,
}

impl Shared {
    fn find(&self, key: &Multihash) -> Result<Option<Reference>, BlockError> {
        let mut found = self.find_all(std::slice::from_ref(key))?;
        Ok(found.pop().flatten())
    }

    /// The references of blocks, however many.
    fn find_all(&self, keys: &[Multihash]) -> Result<Vec<Option<Reference>>, BlockError> {
        let mut found = Vec::with_capacity(keys.len());
        for keys in keys.chunks(MAX_REFERENCES) {
            found.extend(self.rows.references(keys).map_err(reading)?);
        }
        Ok(found)
    }

    /// A reader; [`Reader::read`] fails where references are not allowed.
    fn reader(&self) -> Reader<'_> {
        Reader::new(&self.options)
    }

    fn next_id(&self) -> u64 {
        self.next_id.load(Ordering::Acquire)
    }
}

fn rows_failed(action: &'static str) -> impl Fn(RowError) -> BlockError {
    move |source| match source {
        RowError::Closed => BlockError::Closed,
        RowError::ReadOnly => BlockError::ReadOnly,
        source => BlockError::References { action, source },
    }
}

fn reading(error: RowError) -> BlockError {
    rows_failed("read")(error)
}

/// A store over another one, with blocks in files.
pub struct Filestore {
    shared: Arc<Shared>,
    holds: Arc<Holds>,
    collecting: Mutex<()>,
    blocked: BlockingReads,
}

impl Filestore {
    /// Opens a filestore over a store; the references are in `rows`, which nothing else may change.
    pub fn open(
        below: Arc<dyn BlockStore>,
        rows: Arc<dyn ReferenceRows>,
        options: FilestoreOptions,
    ) -> Result<Arc<Self>, BlockError> {
        let last = rows.last_reference().map_err(reading)?;
        Ok(Arc::new(Self {
            shared: Arc::new(Shared {
                below,
                rows,
                options,
                next_id: AtomicU64::new(last + 1),
                gate: RwLock::default(),
            }),
            holds: Arc::default(),
            collecting: Mutex::default(),
            blocked: BlockingReads::default(),
        }))
    }

    /// The store below, without references.
    #[must_use]
    pub fn below(&self) -> &Arc<dyn BlockStore> {
        &self.shared.below
    }

    /// Whether references of any kind are allowed. If not, existing ones keep their rows.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.shared.options.files || self.shared.options.urls
    }

    /// How it was opened.
    #[must_use]
    pub fn options(&self) -> &FilestoreOptions {
        &self.shared.options
    }

    /// Checks whether references to a source (an absolute path, or a URL) are allowed.
    #[must_use]
    pub fn accepts(&self, source: &str) -> bool {
        paths::relative(&self.shared.options, source).is_ok() && Path::new(source).is_file()
    }

    /// The references of some blocks.
    pub fn references(&self, keys: &[Multihash]) -> Result<Vec<Option<Reference>>, BlockError> {
        self.shared.find_all(keys)
    }

    /// Up to `limit` references after one, or from the first.
    pub fn page(
        &self,
        order: ReferenceOrder,
        after: Option<&Reference>,
        limit: usize,
    ) -> Result<Vec<Reference>, BlockError> {
        let page = self.shared.rows.reference_page(order, after, limit);
        page.map_err(reading)
    }

    /// Reads and verifies the bytes of a reference.
    ///
    /// # Errors
    /// [`BlockError::Referenced`].
    pub fn read(&self, reference: &Reference) -> Result<Bytes, BlockError> {
        self.shared.reader().read(reference)
    }

    /// The file that a reference is to.
    #[must_use]
    pub fn path_of(&self, reference: &Reference) -> Option<PathBuf> {
        paths::absolute(&self.shared.options, &reference.path)
    }

    /// Removes references durably; blocks of the store below stay, and so do references that replaced one of these.
    /// Blocks the thread.
    pub fn forget(&self, references: &[Reference]) -> Result<(), BlockError> {
        for references in references.chunks(MAX_REFERENCES) {
            let ids = references.iter().map(|gone| gone.id);
            let changes = ids.map(ReferenceChange::RemoveId).collect();
            wait(self.shared.rows.change_references(changes)).map_err(rows_failed("write"))?;
        }
        Ok(())
    }

    /// Every reference, page by page.
    fn all(&self) -> impl Iterator<Item = Result<Reference, BlockError>> + Send + '_ {
        let mut page = Vec::new().into_iter();
        let mut last: Option<Reference> = None;
        let mut ended = false;
        std::iter::from_fn(move || {
            if let Some(next) = page.next() {
                return Some(Ok(next));
            }
            if ended {
                return None;
            }
            match self.page(ReferenceOrder::Key, last.as_ref(), PAGE) {
                Ok(found) => {
                    ended = found.len() < PAGE;
                    last = found.last().cloned();
                    page = found.into_iter();
                    page.next().map(Ok)
                }
                Err(error) => {
                    ended = true;
                    Some(Err(error))
                }
            }
        })
    }
}

impl std::fmt::Debug for Filestore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Filestore")
            .field("id", &self.id())
            .field("options", &self.shared.options)
            .finish_non_exhaustive()
    }
}

/// The block of a reference, as CIDv1 raw.
fn named(key: &Multihash) -> Cid {
    Cid::v1(Codec::RAW, key.clone())
}
