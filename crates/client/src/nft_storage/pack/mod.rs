//! Packs content locally: computes its CID, and cuts it into CARs of bounded size.
//!
//! Content is read twice. [`Packer`] hashes it, and remembers where each block is; [`Splitter`] reads the blocks again, in the order
//! of a walk from the root, and verifies them. So memory is needed for one part and for the positions of the blocks (about 100
//! bytes for each 256 KiB, or for each small file), not for the content.

mod archive;
mod content;
mod split;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use cairn_primitives::Cid;
use cairn_primitives::block::Block;
use cairn_primitives::multihash::Multihash;

pub(super) use self::archive::index_car;
pub(super) use self::content::Packer;
pub(super) use self::split::Splitter;
use super::StorageError;

/// Where the bytes of a block are.
#[derive(Clone, Debug)]
enum Place {
    /// In memory: nodes with links.
    Memory(Bytes),
    /// A range of an origin.
    Range {
        origin: u32,
        offset: u64,
        length: u32,
    },
}

impl Place {
    fn length(&self) -> usize {
        match self {
            Self::Memory(bytes) => bytes.len(),
            Self::Range { length, .. } => usize::try_from(*length).unwrap_or(usize::MAX),
        }
    }
}

/// Content that can be read again.
#[derive(Clone, Debug)]
enum Origin {
    File(PathBuf),
    Bytes(Bytes),
}

impl Origin {
    fn path(&self) -> &Path {
        match self {
            Self::File(path) => path,
            Self::Bytes(_) => Path::new("the content in memory"),
        }
    }
}

/// A DAG whose blocks can be read.
#[derive(Debug)]
pub(super) struct Packed {
    /// Its root.
    pub(super) root: Cid,
    /// The size of its blocks, in bytes.
    pub(super) size: u64,
    blocks: Blocks,
}

/// Where the blocks of a DAG are.
#[derive(Debug, Default)]
struct Blocks {
    places: HashMap<Multihash, Place>,
    origins: Vec<Origin>,
    size: u64,
    /// The file that was read last.
    open: Option<(u32, File)>,
}

impl Blocks {
    fn insert(&mut self, cid: &Cid, place: Place) {
        let length = place.length() as u64;
        self.places.entry(cid.hash().clone()).or_insert_with(|| {
            self.size += length;
            place
        });
    }

    fn insert_node(&mut self, block: Block) {
        self.insert(&block.cid, Place::Memory(block.data));
    }

    /// Adds an origin; returns its number.
    fn origin(&mut self, origin: Origin) -> Result<u32, StorageError> {
        let number = u32::try_from(self.origins.len()).map_err(|_| StorageError::TooManyFiles)?;
        self.origins.push(origin);
        Ok(number)
    }

    /// The length of a block.
    fn length(&self, cid: &Cid) -> Result<usize, StorageError> {
        let place = self.places.get(cid.hash());
        place
            .map(Place::length)
            .ok_or_else(|| StorageError::Missing {
                cid: Box::new(cid.clone()),
            })
    }

    /// Reads a block, and verifies that it is still the same.
    fn read(&mut self, cid: &Cid) -> Result<Bytes, StorageError> {
        let missing = || StorageError::Missing {
            cid: Box::new(cid.clone()),
        };
        let place = self.places.get(cid.hash()).cloned().ok_or_else(missing)?;
        let (origin, offset, length) = match place {
            Place::Memory(bytes) => return Ok(bytes),
            Place::Range {
                origin,
                offset,
                length,
            } => (origin, offset, length as usize),
        };
        let number = usize::try_from(origin).unwrap_or(usize::MAX);
        let found = self.origins.get(number).cloned().ok_or_else(missing)?;
        let changed = || StorageError::Changed {
            path: found.path().to_owned(),
        };
        let bytes = match &found {
            Origin::Bytes(bytes) => {
                let start = usize::try_from(offset).unwrap_or(usize::MAX);
                let range = start..start.saturating_add(length);
                if bytes.get(range.clone()).is_none() {
                    return Err(changed());
                }
                bytes.slice(range)
            }
            Origin::File(path) => {
                self.read_file(origin, path, offset, length)
                    .map_err(|source| match source.kind() {
                        io::ErrorKind::UnexpectedEof | io::ErrorKind::NotFound => changed(),
                        _ => StorageError::reading(path, source),
                    })?
            }
        };
        // A hash function that is not known here was not used when the block was packed.
        if cid.hash().matches(&bytes).unwrap_or(false) {
            Ok(bytes)
        } else {
            Err(changed())
        }
    }

    fn read_file(
        &mut self,
        origin: u32,
        path: &Path,
        offset: u64,
        length: usize,
    ) -> io::Result<Bytes> {
        let mut file = match self.open.take() {
            Some((open, file)) if open == origin => file,
            _ => File::open(path)?,
        };
        let mut bytes = vec![0; length];
        file.seek(SeekFrom::Start(offset))?;
        file.read_exact(&mut bytes)?;
        self.open = Some((origin, file));
        Ok(bytes.into())
    }
}

/// Counts the bytes that have been packed, and reports them.
#[derive(Clone)]
pub(super) struct Counter {
    count: Arc<AtomicU64>,
    report: Arc<dyn Fn(u64) + Send + Sync>,
}

impl Counter {
    pub(super) fn new(report: impl Fn(u64) + Send + Sync + 'static) -> Self {
        Self {
            count: Arc::default(),
            report: Arc::new(report),
        }
    }

    fn add(&self, bytes: usize) {
        let before = self.count.fetch_add(bytes as u64, Ordering::Relaxed);
        (self.report)(before + bytes as u64);
    }
}

/// Runs blocking work on another thread.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StorageError> + Send + 'static,
) -> Result<T, StorageError> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(StorageError::Thread(error.to_string())))
}
