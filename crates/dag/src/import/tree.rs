//! Imports trees of files, directories and links that arrive in order, such as the parts of a multipart body.

mod build;
mod directories;
mod file;
mod folders;
mod imported;
mod path;

use cairn_primitives::ByteString;
use cairn_primitives::Cid;
use cairn_primitives::unixfs::{Built, Mtime};
use tokio::sync::mpsc;

use self::directories::{DirectoryStack, PlacementStep};
pub use self::file::TreeFile;
use self::folders::{FolderId, Folders, NameRoom};
pub use self::imported::{ImportRoot, ImportedTree};
use super::ImportError;
use super::importer::Importer;
use super::options::FileMeta;

/// What a link at the top is shown with: Go's `ModeSymlink` and `ModePerm`.
const SHOWN_SYMLINK: u32 = (1 << 27) | 0o777;

/// Maximum number of bytes that the paths of the folders of one entry have together. Each folder is told with its
/// whole path, so that they grow with the square of the depth: 1,500 folders of one letter have 2 MiB, 32,000 of them
/// would have 1 GiB.
pub const MAX_FOLDER_PATHS: usize = 16 << 20;

/// Maximum memory of the names below one top-level entry, in bytes, and of the names of all entries at the top. A name counts as its
/// length and 200 bytes, so that about 20 million files fit. An import with more names fails with
/// [`ImportError::TooManyNames`]; nothing of it is pinned.
pub const MAX_NAMES: u64 = 4 << 30;

/// A file, link or directory was added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Added {
    /// Path from the entry at the top on; the CID for an entry without a name; empty for the folder that wraps.
    pub name: ByteString,
    /// The CID.
    pub cid: Cid,
    /// Bytes of the blocks below, as links count them.
    pub size: u64,
    /// Permissions that came with the entry at the top, 0 for none. (Kubo shows these with every entry below it.)
    pub mode: u32,
    /// The time that came with the entry at the top.
    pub mtime: Option<Mtime>,
}

/// An open directory.
#[derive(Clone, Debug)]
enum OpenDirectory {
    /// The body, when nothing wraps it: its entries are at the top.
    Top,
    /// A folder that exists.
    Folder(FolderId),
    /// A folder that begins to exist with its first entry.
    Later {
        parent: FolderId,
        name: ByteString,
        meta: FileMeta,
    },
}

/// The entry at the top that is being filled.
#[derive(Debug)]
struct Root {
    name: ByteString,
    meta: FileMeta,
    folders: Folders,
}

/// Imports a sequence of entries.
///
/// Events are sent to a bounded channel as entries are finished: each file and link immediately, the directories of a
/// top-level entry when that entry is complete, children before parents. The import waits while the channel is full.
/// Memory is proportional to the names below one top-level entry, which [`MAX_NAMES`] bounds.
///
/// After an error the tree can only be dropped; that leaves blocks that nothing refers to, and that the next
/// collection removes. The same holds if a future of a method is dropped early.
#[derive(Debug)]
pub struct Tree {
    importer: Importer,
    events: mpsc::Sender<Added>,
    places: DirectoryStack<OpenDirectory>,
    root: Option<Root>,
    roots: Vec<ImportRoot>,
    /// For the names of `roots`.
    room: NameRoom,
}

impl Tree {
    /// Begins; the importer has taken its hold already.
    #[must_use]
    pub fn new(importer: Importer, events: mpsc::Sender<Added>) -> Self {
        let mut tree = Self {
            importer,
            events,
            places: DirectoryStack::new(OpenDirectory::Top),
            root: None,
            roots: Vec::new(),
            room: NameRoom::default(),
        };
        if tree.importer.options().wrap {
            tree.begin(ByteString::new(), FileMeta::default());
            tree.places = DirectoryStack::new(OpenDirectory::Folder(Folders::root()));
        }
        tree
    }

    /// Adds a folder; the entries that lie in it are to follow. The path is that of the part, clean or not.
    pub async fn directory(
        &mut self,
        path: impl AsRef<[u8]>,
        meta: FileMeta,
    ) -> Result<(), ImportError> {
        match self.place(path.as_ref()).await? {
            Some(name) => self.enter(&name, meta),
            None => Ok(()),
        }
    }

    /// Begins a file.
    pub async fn file(
        &mut self,
        path: impl AsRef<[u8]>,
        meta: FileMeta,
    ) -> Result<TreeFile<'_>, ImportError> {
        self.file_at(path, meta, None).await
    }

    /// Begins a file whose bytes stay where they are, at a path or URL, when [`super::ImportOptions::nocopy`] is set.
    pub async fn file_from(
        &mut self,
        path: impl AsRef<[u8]>,
        meta: FileMeta,
        source: &str,
    ) -> Result<TreeFile<'_>, ImportError> {
        self.file_at(path, meta, Some(source)).await
    }

    async fn file_at(
        &mut self,
        path: impl AsRef<[u8]>,
        meta: FileMeta,
        source: Option<&str>,
    ) -> Result<TreeFile<'_>, ImportError> {
        let name = self.place(path.as_ref()).await?;
        let import = match &name {
            Some(_) => Some(match source {
                Some(source) => self.importer.start_from(meta, source)?,
                None => self.importer.start(meta)?,
            }),
            None => None,
        };
        Ok(TreeFile {
            name: name.unwrap_or_default(),
            meta,
            import,
            tree: self,
        })
    }

    /// Adds a symbolic link.
    pub async fn symlink(
        &mut self,
        path: impl AsRef<[u8]>,
        target: impl AsRef<[u8]>,
        meta: FileMeta,
    ) -> Result<(), ImportError> {
        let Some(name) = self.place(path.as_ref()).await? else {
            return Ok(());
        };
        let built = self.importer.symlink(target, meta).await?;
        // Kubo shows every link with all permissions, and as the link that it is.
        self.done(
            &name,
            FileMeta {
                mode: SHOWN_SYMLINK,
                ..meta
            },
            built,
        )
        .await
    }

    /// Builds the remaining directories, makes everything durable, and returns the roots.
    ///
    /// [`ImportedTree::pin`] them before the hold is dropped.
    pub async fn finish(mut self) -> Result<ImportedTree, ImportError> {
        while self.places.depth() > 0 {
            self.leave().await?;
        }
        self.complete().await?;
        if self.roots.is_empty() {
            return Err(ImportError::NoEntries);
        }
        let options = self.importer.options();
        let pin_name = options
            .pins()
            .then(|| options.pin_name.clone().unwrap_or_default());
        let hold = self.importer.finish().await?;
        Ok(ImportedTree {
            roots: self.roots,
            hold,
            pin_name,
        })
    }

    /// Finds the place of an entry and its name there; `None` when it is to be skipped.
    async fn place(&mut self, entry: &[u8]) -> Result<Option<ByteString>, ImportError> {
        let entry = path::clean(entry);
        let slashes = || entry.iter().enumerate().filter(|(_, byte)| **byte == b'/');
        let paths = slashes().fold(0usize, |sum, (at, _)| sum.saturating_add(at));
        if paths > MAX_FOLDER_PATHS {
            return Err(ImportError::TooDeep {
                folders: slashes().count() - 1,
            });
        }
        loop {
            match self.places.step(&entry) {
                PlacementStep::Leave => self.leave().await?,
                PlacementStep::Enter(name) => self.enter(&name, FileMeta::default())?,
                PlacementStep::Here(name) => return Ok(Some(name)),
                PlacementStep::Skip if self.importer.options().last_wins => {
                    return Err(ImportError::BelowFile {
                        path: entry.to_string(),
                    });
                }
                PlacementStep::Skip => return Ok(None),
            }
        }
    }

    fn begin(&mut self, name: ByteString, meta: FileMeta) {
        let folders = Folders::new(self.importer.options().stored_meta(meta));
        self.root = Some(Root {
            name,
            meta,
            folders,
        });
    }

    fn enter(&mut self, name: &[u8], meta: FileMeta) -> Result<(), ImportError> {
        let place = match self.folder()? {
            None => {
                self.begin(name.into(), meta);
                OpenDirectory::Folder(Folders::root())
            }
            Some(parent) => {
                let meta = self.importer.options().stored_meta(meta);
                if self.importer.options().keeps_empty_dirs() {
                    OpenDirectory::Folder(self.folders()?.make(parent, name, meta)?)
                } else {
                    OpenDirectory::Later {
                        parent,
                        name: name.into(),
                        meta,
                    }
                }
            }
        };
        self.places.enter(name, place);
        Ok(())
    }

    async fn leave(&mut self) -> Result<(), ImportError> {
        self.places.leave();
        if self.places.depth() == 0 && !self.importer.options().wrap {
            self.complete().await?;
        }
        Ok(())
    }

    /// The innermost folder, which exists from here on; `None` at the top.
    fn folder(&mut self) -> Result<Option<FolderId>, ImportError> {
        let place = self
            .places
            .folder_mut()
            .map(|place| std::mem::replace(place, OpenDirectory::Top));
        let folder = match place {
            None | Some(OpenDirectory::Top) => return Ok(None),
            Some(OpenDirectory::Folder(id)) => id,
            Some(OpenDirectory::Later { parent, name, meta }) => {
                self.folders()?.make(parent, &name, meta)?
            }
        };
        if let Some(place) = self.places.folder_mut() {
            *place = OpenDirectory::Folder(folder);
        }
        Ok(Some(folder))
    }

    fn folders(&mut self) -> Result<&mut Folders, ImportError> {
        self.root
            .as_mut()
            .map(|root| &mut root.folders)
            .ok_or(ImportError::Failed)
    }

    /// Puts a file or link into its folder, or among the roots.
    async fn done(&mut self, name: &[u8], own: FileMeta, built: Built) -> Result<(), ImportError> {
        let Built {
            cid,
            tree_size: size,
            ..
        } = built;
        let shown = if name.is_empty() {
            ByteString::from(cid.to_string())
        } else {
            ByteString::from(name)
        };
        let (name, meta) = match self.folder()? {
            None => {
                self.room.take(name)?;
                self.roots.push(ImportRoot {
                    cid: cid.clone(),
                    name: name.into(),
                });
                (shown, own)
            }
            Some(folder) => {
                let last_wins = self.importer.options().last_wins;
                self.folders()?
                    .put(folder, &shown, cid.clone(), size, last_wins)?;
                let top = self.root.as_ref().map(|root| root.meta).unwrap_or_default();
                (self.full_name(&shown), top)
            }
        };
        if self.importer.options().silent {
            return Ok(());
        }
        self.send_event(Added {
            name,
            cid,
            size,
            mode: meta.mode,
            mtime: meta.mtime,
        })
        .await
    }

    /// The name of an entry of the innermost folder as events show it.
    fn full_name(&self, name: &[u8]) -> ByteString {
        let full = path::within(self.places.path(), name);
        // A clean path begins with one slash.
        full.strip_prefix(b"/").unwrap_or(&full).into()
    }

    /// Builds the folders of the entry at the top, if it is one.
    async fn complete(&mut self) -> Result<(), ImportError> {
        let Some(root) = self.root.take() else {
            return Ok(());
        };
        let Root {
            name,
            meta,
            folders,
        } = root;
        let built = build::build(&mut self.importer, folders).await?;
        let mut root = None;
        for (name, folder) in built.walk(&name) {
            root = Some(folder.cid.clone());
            let (cid, size) = (folder.cid.clone(), folder.tree_size);
            self.send_event(Added {
                name,
                cid,
                size,
                mode: meta.mode,
                mtime: meta.mtime,
            })
            .await?;
        }
        // The walk goes from the leaves up: the root comes last.
        let cid = root.ok_or(ImportError::Failed)?;
        self.room.take(&name)?;
        self.roots.push(ImportRoot { cid, name });
        Ok(())
    }

    async fn send_event(&self, event: Added) -> Result<(), ImportError> {
        self.events
            .send(event)
            .await
            .map_err(|_| ImportError::Abandoned)
    }
}
