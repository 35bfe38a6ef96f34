//! The directories of an import before their blocks are built.

use std::collections::HashMap;

use cairn_primitives::ByteString;
use cairn_primitives::Cid;
use foldhash::fast::RandomState;

use crate::import::ImportError;
use crate::import::options::FileMeta;

/// A folder in [`Folders`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FolderId(usize);

/// An entry of a directory.
#[derive(Clone, Debug)]
pub(super) enum Entry {
    /// A file or link that is built.
    Leaf { cid: Cid, size: u64 },
    /// A folder.
    Folder(FolderId),
}

/// One folder that is being filled.
#[derive(Debug)]
pub(super) struct Folder {
    pub(super) meta: FileMeta,
    pub(super) entries: HashMap<ByteString, Entry, RandomState>,
}

/// A root directory with everything below it, as names and CIDs. Parents come before their children.
#[derive(Debug)]
pub(super) struct Folders(Vec<Folder>);

impl Folders {
    pub(super) fn new(meta: FileMeta) -> Self {
        Self(vec![Folder {
            meta,
            entries: HashMap::default(),
        }])
    }

    pub(super) fn root() -> FolderId {
        FolderId(0)
    }

    fn entries(
        &mut self,
        folder: FolderId,
    ) -> Result<&mut HashMap<ByteString, Entry, RandomState>, ImportError> {
        // Ids are given out by this arena alone.
        self.0
            .get_mut(folder.0)
            .map(|folder| &mut folder.entries)
            .ok_or(ImportError::Failed)
    }

    /// The folder of this name, made if it is not there.
    pub(super) fn make(
        &mut self,
        parent: FolderId,
        name: &[u8],
        meta: FileMeta,
    ) -> Result<FolderId, ImportError> {
        if name.is_empty() {
            return Err(ImportError::UnnamedDirectory);
        }
        let new = FolderId(self.0.len());
        match self.entries(parent)?.entry(name.into()) {
            std::collections::hash_map::Entry::Occupied(there) => match there.get() {
                Entry::Folder(id) => Ok(*id),
                Entry::Leaf { .. } => Err(ImportError::FileExists),
            },
            std::collections::hash_map::Entry::Vacant(free) => {
                free.insert(Entry::Folder(new));
                self.0.push(Folder {
                    meta,
                    entries: HashMap::default(),
                });
                Ok(new)
            }
        }
    }

    /// Puts a file or link into a folder.
    pub(super) fn put(
        &mut self,
        folder: FolderId,
        name: &[u8],
        cid: Cid,
        size: u64,
    ) -> Result<(), ImportError> {
        match self.entries(folder)?.entry(name.into()) {
            std::collections::hash_map::Entry::Occupied(_) => Err(ImportError::EntryExists),
            std::collections::hash_map::Entry::Vacant(free) => {
                free.insert(Entry::Leaf { cid, size });
                Ok(())
            }
        }
    }

    /// How many folders there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Takes the folder that was made last: children come before their parents.
    pub(super) fn pop(&mut self) -> Option<(FolderId, Folder)> {
        let folder = self.0.pop()?;
        Some((FolderId(self.0.len()), folder))
    }
}

impl FolderId {
    pub(super) fn index(self) -> usize {
        self.0
    }
}
