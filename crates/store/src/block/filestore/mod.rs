//! Blocks whose bytes lie in files: a store over another, which adds to its blocks those that rows refer to.
//!
//! What is written goes to the store below; references are made by [`Filestore::refer`] alone. A block that both have is
//! read from below. References name files beneath one folder, and every read of one is checked by its hash: a file that was
//! changed gives an error and never wrong bytes.
//!
//! Kubo's counterpart: <https://github.com/ipfs/kubo/blob/master/docs/experimental-features.md#ipfs-filestore>

mod collect;
mod hold;
mod place;
mod read;

#[cfg(test)]
mod tests;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use cairn_primitives::{Block, Cid, Codec, Multihash};
use futures_util::future::{self, BoxFuture};
use parking_lot::{Mutex, RwLock};

use self::hold::FileHold;
use self::place::Places;
use self::read::Reader;
use super::holds::Holds;
use super::links;
use super::traits::{
    BlockEntry, BlockError, BlockSource, BlockStore, Collected, Collector, Hold, MAX_BLOCK,
    ReferenceFault, StoreStat,
};
use super::wait::wait;
use crate::meta::{MAX_REFERENCES, Reference, ReferenceChange, ReferenceOrder, RowError, Rows};

/// References that are listed at a time.
const PAGE: usize = 1024;

/// How a [`Filestore`] is opened.
#[derive(Clone, Debug)]
pub struct FilestoreOptions {
    /// The folder that every referenced file lies beneath; absolute.
    pub root: PathBuf,
    /// Whether references to files are followed and made.
    pub files: bool,
    /// Whether references to URLs are allowed. None can be made all the same: this decides what is said.
    pub urls: bool,
}

impl FilestoreOptions {
    /// For the files beside a repository: beneath the folder that holds it.
    ///
    /// # Errors
    /// When the path is relative and the working directory cannot be told.
    pub fn beside(repository: &Path, files: bool, urls: bool) -> io::Result<Self> {
        let absolute = std::path::absolute(repository)?;
        let mut root = place::clean(&absolute).unwrap_or(absolute);
        root.pop();
        Ok(Self { root, files, urls })
    }
}

/// A leaf that is to be referred to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewReference {
    /// The block.
    pub key: Multihash,
    /// The file's absolute path, or a URL.
    pub source: Arc<str>,
    /// Where the block begins there, in bytes.
    pub offset: u64,
    /// Its length in bytes.
    pub size: u64,
}

/// What holds and their store share.
struct Shared {
    below: Arc<dyn BlockStore>,
    rows: Arc<dyn Rows>,
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

/// A store over another one, with blocks that lie in files.
pub struct Filestore {
    shared: Arc<Shared>,
    holds: Arc<Holds>,
    collecting: Mutex<()>,
}

impl Filestore {
    /// Opens it over a store; the references are in `rows`, which nothing else may change.
    pub fn open(
        below: Arc<dyn BlockStore>,
        rows: Arc<dyn Rows>,
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
        }))
    }

    /// The store below, which has no references.
    #[must_use]
    pub fn below(&self) -> &Arc<dyn BlockStore> {
        &self.shared.below
    }

    /// Whether references of any kind are allowed. Where they are not, those that there are keep their rows.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.shared.options.files || self.shared.options.urls
    }

    /// How it was opened.
    #[must_use]
    pub fn options(&self) -> &FilestoreOptions {
        &self.shared.options
    }

    /// Whether references to a source (an absolute path, or a URL) can be made: it is a file, and lies where it may.
    #[must_use]
    pub fn accepts(&self, source: &str) -> bool {
        place::relative(&self.shared.options, source).is_ok() && Path::new(source).is_file()
    }

    /// The references of some blocks.
    pub fn references(&self, keys: &[Multihash]) -> Result<Vec<Option<Reference>>, BlockError> {
        self.shared.find_all(keys)
    }

    /// Up to `limit` references behind one, or from the first on.
    pub fn page(
        &self,
        order: ReferenceOrder,
        after: Option<&Reference>,
        limit: usize,
    ) -> Result<Vec<Reference>, BlockError> {
        let page = self.shared.rows.reference_page(order, after, limit);
        page.map_err(reading)
    }

    /// Reads the bytes that a reference names, and checks them.
    ///
    /// # Errors
    /// [`BlockError::Referenced`].
    pub fn read(&self, reference: &Reference) -> Result<Bytes, BlockError> {
        self.shared.reader().read(reference)
    }

    /// The file that a reference is to.
    #[must_use]
    pub fn path_of(&self, reference: &Reference) -> Option<PathBuf> {
        place::absolute(&self.shared.options, &reference.path)
    }

    /// Removes references, durably; blocks of the store below stay, and so does a reference that took the place of one of
    /// these. Blocks its thread.
    pub fn forget(&self, references: &[Reference]) -> Result<(), BlockError> {
        for references in references.chunks(MAX_REFERENCES) {
            let ids = references.iter().map(|gone| gone.id);
            let changes = ids.map(ReferenceChange::RemoveId).collect();
            wait(self.shared.rows.change_references(changes)).map_err(rows_failed("write"))?;
        }
        Ok(())
    }

    /// Refers to blocks where they lie, durably. One that the store below has is not referred to; a reference that there is
    /// stays, unless the block cannot be read by it any more: then the new one takes its place.
    ///
    /// Of each file one block is read, not all: the others show when they are read.
    ///
    /// # Errors
    /// [`BlockError::OutsideRoot`], [`BlockError::NoReference`] for what cannot be referred to, [`BlockError::Referenced`] for
    /// a file that does not hold the block. What was recorded by then is collected as blocks are.
    pub async fn refer(
        &self,
        hold: &Hold,
        references: Vec<NewReference>,
    ) -> Result<(), BlockError> {
        let hold = FileHold::of(hold, &self.holds)?;
        let mut references = references.as_slice();
        while !references.is_empty() {
            let (batch, rest) = references.split_at(references.len().min(MAX_REFERENCES));
            let changes = self.changes(hold, batch)?;
            if !changes.is_empty() {
                let changed = self.shared.rows.change_references(changes).await;
                changed.map_err(rows_failed("write"))?;
            }
            references = rest;
        }
        Ok(())
    }

    /// What has to change for some references to be there; the rest of them is in the hold.
    fn changes(
        &self,
        hold: &FileHold,
        batch: &[NewReference],
    ) -> Result<Vec<ReferenceChange>, BlockError> {
        let shared = &self.shared;
        let mut absent = Vec::new();
        for new in batch {
            if new.size > MAX_BLOCK as u64 {
                let size = usize::try_from(new.size).unwrap_or(usize::MAX);
                return Err(BlockError::TooBig { size });
            }
            if !hold.below().touch(&new.key)? {
                absent.push(new);
            }
        }
        let keys: Vec<Multihash> = absent.iter().map(|new| new.key.clone()).collect();
        let gate = shared.gate.read();
        let found = shared.find_all(&keys)?;
        for found in found.iter().flatten() {
            hold.record(found.id);
        }
        drop(gate);
        let mut reader = shared.reader();
        let mut changes: Vec<ReferenceChange> = Vec::new();
        let mut places = Places::default();
        for (new, found) in absent.into_iter().zip(found) {
            let stays = |old: Reference| {
                let path = places.relative(&shared.options, &new.source);
                let same = old.offset == new.offset && path.is_ok_and(|path| path == old.path);
                same || reader.read(&old).is_ok()
            };
            if found.is_some_and(stays) {
                continue;
            }
            if i64::try_from(new.offset).is_err() {
                let offset = new.offset;
                return Err(BlockError::NoReference(ReferenceFault::Offset { offset }));
            }
            let id = shared.next_id.fetch_add(1, Ordering::AcqRel);
            hold.record(id);
            let reference = Reference {
                id,
                key: new.key.clone(),
                path: places.relative(&shared.options, &new.source)?,
                offset: new.offset,
                #[expect(clippy::cast_possible_truncation, reason = "at most MAX_BLOCK")]
                size: new.size as u32,
            };
            // One of each file is read: a path that is not that of the bytes should not be found out later.
            let first = match changes.last() {
                Some(ReferenceChange::Set(last)) => last.path != reference.path,
                _ => true,
            };
            if first {
                reader.read(&reference)?;
            }
            changes.push(ReferenceChange::Set(reference));
        }
        Ok(changes)
    }

    /// Whether a block can be read by a reference, which then outlives the hold's collections. It is read: what is left out
    /// because of this answer is nowhere else.
    pub fn keeps(&self, hold: &Hold, key: &Multihash) -> Result<bool, BlockError> {
        let hold = FileHold::of(hold, &self.holds)?;
        let gate = self.shared.gate.read();
        let Some(found) = self.shared.find(key)? else {
            return Ok(false);
        };
        hold.record(found.id);
        drop(gate);
        Ok(self.shared.reader().read(&found).is_ok())
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

impl BlockSource for Filestore {
    fn fetch<'a>(&'a self, cid: &'a Cid) -> BoxFuture<'a, Result<Option<Bytes>, BlockError>> {
        Box::pin(future::ready(self.get(cid.hash())))
    }
}

impl BlockStore for Filestore {
    fn id(&self) -> String {
        self.shared.below.id()
    }

    fn has(&self, key: &Multihash) -> Result<bool, BlockError> {
        Ok(self.shared.below.has(key)? || self.shared.find(key)?.is_some())
    }

    fn size(&self, key: &Multihash) -> Result<Option<u32>, BlockError> {
        match self.shared.below.size(key)? {
            Some(size) => Ok(Some(size)),
            None => Ok(self.shared.find(key)?.map(|found| found.size)),
        }
    }

    fn get(&self, key: &Multihash) -> Result<Option<Bytes>, BlockError> {
        if let Some(data) = self.shared.below.get(key)? {
            return Ok(Some(data));
        }
        let found = self.shared.find(key)?;
        found.map(|found| self.read(&found)).transpose()
    }

    fn get_many(&self, keys: &[Multihash]) -> Result<Vec<Option<Bytes>>, BlockError> {
        let mut blocks = self.shared.below.get_many(keys)?;
        let absent: Vec<Multihash> = keys
            .iter()
            .zip(&blocks)
            .filter(|(_, block)| block.is_none())
            .map(|(key, _)| key.clone())
            .collect();
        if absent.is_empty() {
            return Ok(blocks);
        }
        let found = self.shared.find_all(&absent)?;
        let mut reader = self.shared.reader();
        let places = blocks.iter_mut().filter(|block| block.is_none());
        for (place, found) in places.zip(found) {
            *place = found.map(|found| reader.read(&found)).transpose()?;
        }
        Ok(blocks)
    }

    fn hold(&self) -> Hold {
        // The lower one last: its collection takes its position last as well.
        let own = self.holds.give(&self.shared, || self.shared.next_id());
        Arc::new(FileHold::new(self.shared.below.hold(), own, &self.holds))
    }

    fn write<'a>(
        &'a self,
        hold: &'a Hold,
        blocks: Vec<Block>,
    ) -> BoxFuture<'a, Result<(), BlockError>> {
        match FileHold::of(hold, &self.holds) {
            Ok(hold) => self.shared.below.write(hold.below(), blocks),
            Err(error) => Box::pin(future::ready(Err(error))),
        }
    }

    fn write_blocking(&self, hold: &Hold, blocks: Vec<Block>) -> Result<(), BlockError> {
        let hold = FileHold::of(hold, &self.holds)?;
        self.shared.below.write_blocking(hold.below(), blocks)
    }

    fn sync(&self) -> BoxFuture<'_, Result<(), BlockError>> {
        self.shared.below.sync()
    }

    fn put<'a>(
        &'a self,
        hold: &'a Hold,
        blocks: Vec<Block>,
    ) -> BoxFuture<'a, Result<(), BlockError>> {
        match FileHold::of(hold, &self.holds) {
            Ok(hold) => self.shared.below.put(hold.below(), blocks),
            Err(error) => Box::pin(future::ready(Err(error))),
        }
    }

    fn remove<'a>(&'a self, keys: &'a [Multihash]) -> BoxFuture<'a, Result<Vec<bool>, BlockError>> {
        Box::pin(async move {
            let mut answers = self.shared.below.remove(keys).await?;
            let found = self.shared.find_all(keys)?;
            let gone: Vec<Multihash> = found.iter().flatten().map(|old| old.key.clone()).collect();
            for gone in gone.chunks(MAX_REFERENCES) {
                let changes = gone.iter().cloned().map(ReferenceChange::Remove).collect();
                let changed = self.shared.rows.change_references(changes).await;
                changed.map_err(rows_failed("write"))?;
            }
            for (answer, found) in answers.iter_mut().zip(found) {
                *answer |= found.is_some();
            }
            Ok(answers)
        })
    }

    /// A block that lies in both places comes twice, as with Kubo.
    fn keys(&self) -> Box<dyn Iterator<Item = Result<BlockEntry, BlockError>> + Send + '_> {
        let entry = |found: Reference| BlockEntry {
            key: found.key,
            size: found.size,
        };
        let references = self.all().map(move |found| found.map(entry));
        Box::new(self.shared.below.keys().chain(references))
    }

    fn stat(&self) -> Result<StoreStat, BlockError> {
        let mut stat = self.shared.below.stat()?;
        stat.blocks += self.shared.rows.reference_count().map_err(reading)?;
        Ok(stat)
    }

    fn links(&self, cid: &Cid) -> Result<Option<Arc<[Cid]>>, BlockError> {
        if let Some(links) = self.shared.below.links(cid)? {
            return Ok(Some(links));
        }
        let Some(found) = self.shared.find(cid.hash())? else {
            return Ok(None);
        };
        if !links::may_link(cid.codec()) {
            return Ok(Some(Arc::default()));
        }
        links::of(cid, &self.read(&found)?).map(|links| Some(links.into()))
    }

    fn collect(&self, collector: &mut dyn Collector) -> Result<Collected, BlockError> {
        let _one = self.collecting.lock();
        self.sweep(collector)
    }

    /// Only the store below: what became of files is told by [`Filestore::read`], and a file that was changed is no damage.
    fn verify(
        &self,
        seen: &mut dyn FnMut(&Multihash, Result<(), BlockError>) -> bool,
    ) -> Result<(), BlockError> {
        self.shared.below.verify(seen)
    }

    fn close(&self) -> BoxFuture<'_, Result<(), BlockError>> {
        self.shared.below.close()
    }
}

/// The block of a reference, as CIDv1 raw.
fn named(key: &Multihash) -> Cid {
    Cid::v1(Codec::RAW, key.clone())
}
