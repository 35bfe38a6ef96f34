//! The directories of an import before their blocks are built.

use std::collections::{HashMap, hash_map};

use cairn_primitives::ByteString;
use cairn_primitives::Cid;
use foldhash::fast::RandomState;

use super::MAX_NAMES;
use crate::import::ImportError;
use crate::import::options::FileMeta;

/// Memory of a name besides its bytes: its entry in a hash table with its CID.
const NAME_OVERHEAD: u64 = 200;

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

/// The room that is left for names.
#[derive(Debug)]
pub(super) struct NameRoom(u64);

impl Default for NameRoom {
    fn default() -> Self {
        Self(MAX_NAMES)
    }
}

impl NameRoom {
    pub(super) fn take(&mut self, name: &[u8]) -> Result<(), ImportError> {
        self.0 = self
            .0
            .checked_sub(name.len() as u64 + NAME_OVERHEAD)
            .ok_or(ImportError::TooManyNames)?;
        Ok(())
    }
}

/// A root directory with everything below it, as names and CIDs. Parents come before their children.
#[derive(Debug)]
pub(super) struct Folders {
    list: Vec<Folder>,
    room: NameRoom,
}

impl Folders {
    pub(super) fn new(meta: FileMeta) -> Self {
        Self {
            list: vec![Folder {
                meta,
                entries: HashMap::default(),
            }],
            room: NameRoom::default(),
        }
    }

    pub(super) fn root() -> FolderId {
        FolderId(0)
    }

    /// The place of a name in a folder, and the room for it.
    fn entry(
        &mut self,
        folder: FolderId,
        name: &[u8],
    ) -> Result<(hash_map::Entry<'_, ByteString, Entry>, &mut NameRoom), ImportError> {
        // Ids are given out by this arena alone.
        let folder = self.list.get_mut(folder.0).ok_or(ImportError::Failed)?;
        Ok((folder.entries.entry(name.into()), &mut self.room))
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
        let new = FolderId(self.list.len());
        let (entry, room) = self.entry(parent, name)?;
        match entry {
            hash_map::Entry::Occupied(there) => match there.get() {
                Entry::Folder(id) => Ok(*id),
                Entry::Leaf { .. } => Err(ImportError::FileExists),
            },
            hash_map::Entry::Vacant(free) => {
                room.take(name)?;
                free.insert(Entry::Folder(new));
                self.list.push(Folder {
                    meta,
                    entries: HashMap::default(),
                });
                Ok(new)
            }
        }
    }

    /// Puts a file or link into a folder; `replace` allows it to take the place of another one.
    pub(super) fn put(
        &mut self,
        folder: FolderId,
        name: &[u8],
        cid: Cid,
        size: u64,
        replace: bool,
    ) -> Result<(), ImportError> {
        let (entry, room) = self.entry(folder, name)?;
        match entry {
            hash_map::Entry::Occupied(mut there) => match there.get_mut() {
                there @ Entry::Leaf { .. } if replace => {
                    *there = Entry::Leaf { cid, size };
                    Ok(())
                }
                _ => Err(ImportError::EntryExists),
            },
            hash_map::Entry::Vacant(free) => {
                room.take(name)?;
                free.insert(Entry::Leaf { cid, size });
                Ok(())
            }
        }
    }

    /// How many folders there are.
    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    /// Takes the folder that was made last: children come before their parents.
    pub(super) fn pop(&mut self) -> Option<(FolderId, Folder)> {
        let folder = self.list.pop()?;
        Some((FolderId(self.list.len()), folder))
    }
}

impl FolderId {
    pub(super) fn index(self) -> usize {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_a_bound() {
        let mut folders = Folders::new(FileMeta::default());
        folders.room = NameRoom(3 * (NAME_OVERHEAD + 1));
        let cid = Cid::v1(
            cairn_primitives::Codec::RAW,
            cairn_primitives::Multihash::sha2_256(b"x"),
        );
        let below = folders
            .make(Folders::root(), b"a", FileMeta::default())
            .unwrap();
        folders.put(below, b"b", cid.clone(), 1, false).unwrap();
        // A folder that is there takes no room.
        folders
            .make(Folders::root(), b"a", FileMeta::default())
            .unwrap();
        let long = folders.put(below, b"longer", cid.clone(), 1, false);
        assert!(matches!(long, Err(ImportError::TooManyNames)));
        folders.put(below, b"c", cid.clone(), 1, false).unwrap();
        let more = folders.put(below, b"d", cid, 1, false);
        assert!(matches!(more, Err(ImportError::TooManyNames)));
        let more = folders.make(below, b"e", FileMeta::default());
        assert!(matches!(more, Err(ImportError::TooManyNames)));
        assert_eq!(folders.len(), 2);
    }
}
