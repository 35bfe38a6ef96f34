//! The mutable file system (MFS): one mutable tree of files and directories, whose root is stored in the repository.
//!
//! A change rewrites only the nodes between the changed entry and the root. The current tree is the CID of its root;
//! readers continue with the tree that they started with. A *flush* makes the current tree durable and then stores
//! its root in the repository, once for all concurrent callers. So a kill leaves the last flushed tree intact.
//!
//! Changes are serialized by one lock. The slow part, reading the written bytes and making the file's blocks, happens
//! before, under a lock of that file.
//!
//! A collection keeps the stored tree, the current one, and those that are being read or flushed ([`Mfs::roots`]).
//! Blocks that a change writes or adds are held until they are part of the tree.

mod attributes;
mod copy;
mod directory;
mod editor;
mod error;
mod file;
mod flush;
mod list;
mod make;
mod path;
mod read;
mod remove;
mod settings;
mod shard;
mod stat;
mod tree;
mod write;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Weak};

use cairn_primitives::{ByteString, Cid};
use cairn_store::BlockError;
use cairn_store::block::Root;
use cairn_store::meta::Rows;
use parking_lot::Mutex;
use tokio::sync::{Mutex as Lock, MutexGuard, OwnedMutexGuard};

pub use copy::CopyOptions;
pub use error::MfsError;
pub use flush::chroot;
pub use list::{Listed, Listing};
pub use make::MakeOptions;
pub use path::MfsPath;
pub use read::FileBytes;
pub use remove::RemoveOptions;
pub use settings::{DEFAULT_UNFLUSHED, Settings, cid_maker};
pub use stat::{EntryKind, Locality, Stat};
pub use write::{Body, WriteOptions};

use self::editor::Editor;
use self::tree::Growths;
use crate::fetch::Blocks;

/// Maximum size of a file, in bytes: offsets are signed 64-bit numbers everywhere.
pub const MAX_FILE: u64 = i64::MAX.unsigned_abs();

/// The mutable file system of a repository. Cheap to clone; clones share their state.
#[derive(Clone)]
pub struct Mfs {
    inner: Arc<Inner>,
}

struct Inner {
    blocks: Blocks,
    rows: Arc<dyn Rows>,
    settings: Settings,
    /// Held while the tree is changed.
    changing: Lock<Growths>,
    /// Held while a tree is flushed.
    flushing: Lock<()>,
    state: Mutex<State>,
    /// One lock for each file that is being written, by path.
    files: Mutex<HashMap<Vec<ByteString>, Weak<Lock<()>>>>,
}

struct State {
    /// The tree that everybody sees, and how many changes made it.
    tree: Cid,
    changes: u64,
    /// The tree that the repository names, and how many changes had made it; none before the first flush.
    flushed: Option<Cid>,
    flushed_changes: u64,
    /// The tree that is being flushed.
    under_way: Option<Cid>,
    /// Changes since the last flush that did not ask for one.
    unflushed: u64,
    /// Trees that are being read, with how many read them.
    read: HashMap<Cid, usize>,
}

impl Mfs {
    /// Opens the file system of a repository. When there is none, it is empty.
    ///
    /// # Errors
    /// [`MfsError::BadRoot`] when the root that the repository names is not here or is not a directory.
    pub async fn open(
        blocks: Blocks,
        rows: Arc<dyn Rows>,
        settings: Settings,
    ) -> Result<Self, MfsError> {
        let flushed = rows.mfs_root()?;
        let editor = Editor::new(&blocks, &settings.format.sharding);
        let tree = match &flushed {
            Some(cid) => {
                flush::check_root(&blocks, cid).await?;
                cid.clone()
            }
            None => editor.empty_directory(&settings.format.cid).await?.cid,
        };
        let state = State {
            tree,
            changes: 0,
            flushed,
            flushed_changes: 0,
            under_way: None,
            unflushed: 0,
            read: HashMap::new(),
        };
        drop(editor);
        Ok(Self {
            inner: Arc::new(Inner {
                blocks,
                rows,
                settings,
                changing: Lock::new(Growths::default()),
                flushing: Lock::new(()),
                state: Mutex::new(state),
                files: Mutex::new(HashMap::new()),
            }),
        })
    }

    /// The settings.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    /// The root of the current tree, flushed or not.
    #[must_use]
    pub fn tree(&self) -> Cid {
        self.inner.state.lock().tree.clone()
    }

    /// The roots that a collection must keep now.
    ///
    /// # Errors
    /// When the root's row cannot be read.
    pub fn roots(&self) -> Result<Vec<Root>, BlockError> {
        let state = self.inner.state.lock();
        let roots = [
            Some(&state.tree),
            state.flushed.as_ref(),
            state.under_way.as_ref(),
        ];
        let mut cids: Vec<&Cid> = roots.into_iter().flatten().collect();
        cids.extend(state.read.keys());
        cids.sort_unstable();
        cids.dedup();
        Ok(cids
            .into_iter()
            .map(|cid| Root {
                cid: cid.clone(),
                recursive: true,
            })
            .collect())
    }

    /// The tree as it is now, kept from collection until this is dropped.
    fn reading(&self) -> TreeSnapshot {
        let mut state = self.inner.state.lock();
        let root = state.tree.clone();
        *state.read.entry(root.clone()).or_insert(0) += 1;
        TreeSnapshot {
            inner: Arc::clone(&self.inner),
            root,
        }
    }

    fn editor(&self) -> Editor<'_> {
        Editor::new(&self.inner.blocks, &self.inner.settings.format.sharding)
    }

    /// Waits for the turn to change the tree.
    async fn change(&self) -> TreeChange<'_> {
        let growths = self.inner.changing.lock().await;
        let root = self.tree();
        TreeChange {
            mfs: self,
            growths,
            root,
        }
    }

    /// Counts a change that does not ask for a flush.
    fn count(&self, flush: bool) -> Result<(), MfsError> {
        if flush {
            return Ok(());
        }
        let limit = self.inner.settings.max_unflushed;
        let mut state = self.inner.state.lock();
        if limit > 0 && state.unflushed >= limit {
            return Err(MfsError::TooManyUnflushed { limit });
        }
        state.unflushed += 1;
        Ok(())
    }

    /// Waits for the lock of one file.
    async fn lock_file(&self, path: &MfsPath) -> OwnedMutexGuard<()> {
        let lock = {
            let mut files = self.inner.files.lock();
            files.retain(|_, lock| lock.strong_count() > 0);
            match files.get(path.names()).and_then(Weak::upgrade) {
                Some(lock) => lock,
                None => {
                    let lock = Arc::new(Lock::new(()));
                    files.insert(path.names().to_vec(), Arc::downgrade(&lock));
                    lock
                }
            }
        };
        lock.lock_owned().await
    }
}

/// The turn to change the tree. Nothing is changed before [`TreeChange::commit`].
struct TreeChange<'a> {
    mfs: &'a Mfs,
    growths: MutexGuard<'a, Growths>,
    /// The tree as this change has it so far.
    root: Cid,
}

impl TreeChange<'_> {
    /// Lets everybody see the changed tree.
    fn commit(self) {
        let mut state = self.mfs.inner.state.lock();
        if state.tree != self.root {
            state.tree = self.root;
            state.changes += 1;
        }
    }
}

/// A tree that is being read.
struct TreeSnapshot {
    inner: Arc<Inner>,
    root: Cid,
}

impl Drop for TreeSnapshot {
    fn drop(&mut self) {
        let mut state = self.inner.state.lock();
        if let Some(count) = state.read.get_mut(&self.root) {
            *count -= 1;
            if *count == 0 {
                state.read.remove(&self.root);
            }
        }
    }
}

impl fmt::Debug for Mfs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mfs")
            .field("tree", &self.tree())
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for TreeSnapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reading")
            .field("root", &self.root)
            .finish_non_exhaustive()
    }
}
