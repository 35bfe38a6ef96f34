//! Finds and changes paths in a tree.

use std::collections::HashMap;

use cairn_primitives::ByteString;
use cairn_primitives::Cid;
use cairn_primitives::codec::dag_pb;
use cairn_primitives::unixfs::{CidMaker, NodeKind, UnixFs};

use super::directory::{Change, EntryError, Growth};
use super::editor::{Editor, FsNode, NodeLink};
use super::path::MfsPath;
use super::{MfsError, Settings};

/// How sharded directories have grown since they were opened, by their paths. At the bound all are forgotten, as if they
/// had just been opened.
#[derive(Debug, Default)]
pub(super) struct Growths(HashMap<Vec<ByteString>, Growth>);

const GROWTHS: usize = 4_096;

impl Growths {
    fn get(&self, names: &[ByteString]) -> Growth {
        self.0.get(names).copied().unwrap_or(0)
    }

    fn set(&mut self, names: &[ByteString], growth: Growth) {
        if growth == 0 {
            self.0.remove(names);
            return;
        }
        if self.0.len() >= GROWTHS {
            self.0.clear();
        }
        self.0.insert(names.to_vec(), growth);
    }

    /// Closes all directories below one.
    pub(super) fn close_below(&mut self, names: &[ByteString]) {
        self.0
            .retain(|known, _| known.len() <= names.len() || !known.starts_with(names));
    }

    /// Closes a directory and all below it.
    pub(super) fn close(&mut self, names: &[ByteString]) {
        self.0.retain(|known, _| !known.starts_with(names));
    }
}

/// The directories on a path: each with its CID and node, the root first.
type DirectoryPath = Vec<(Cid, FsNode)>;

impl Editor<'_> {
    /// What a path leads to.
    pub(super) async fn find(&self, root: &Cid, names: &[ByteString]) -> Result<Cid, MfsError> {
        let Some((name, above)) = names.split_last() else {
            return Ok(root.clone());
        };
        let (cid, node) = self
            .chain(root, above, names)
            .await?
            .pop()
            .ok_or_else(|| not_found(names))?;
        self.child(&cid, node, name)
            .await?
            .ok_or_else(|| not_found(names))
    }

    /// The directories that `names` lead to. `whole` is the path that is followed: it may have one name more, whose
    /// directory the last of `names` has to be.
    async fn chain(
        &self,
        root: &Cid,
        names: &[ByteString],
        whole: &[ByteString],
    ) -> Result<DirectoryPath, MfsError> {
        let mut chain = DirectoryPath::new();
        let mut cid = root.clone();
        for depth in 0..=names.len() {
            let Some(node) = self.directory(&cid).await? else {
                return Err(MfsError::NotDirectory {
                    path: joined(whole.get(..=depth).unwrap_or(whole)),
                });
            };
            let below = match names.get(depth) {
                Some(name) => Some(
                    self.child(&cid, node.clone(), name)
                        .await?
                        .ok_or_else(|| not_found(whole))?,
                ),
                None => None,
            };
            chain.push((cid, node));
            match below {
                Some(below) => cid = below,
                None => break,
            }
        }
        Ok(chain)
    }

    /// The directory that `names` lead to must be there; answers with its CID.
    pub(super) async fn parent(
        &self,
        root: &Cid,
        names: &[ByteString],
        whole: &[ByteString],
    ) -> Result<Cid, MfsError> {
        let chain = self.chain(root, names, whole).await?;
        chain
            .last()
            .map(|(cid, _)| cid.clone())
            .ok_or_else(|| not_found(whole))
    }

    /// Changes one entry, and answers with the new root.
    pub(super) async fn change_at(
        &self,
        settings: &Settings,
        root: &Cid,
        path: &MfsPath,
        change: Change,
        growths: &mut Growths,
    ) -> Result<Cid, MfsError> {
        let names = path.names();
        let Some((name, above)) = names.split_last() else {
            return Err(MfsError::NoName {
                path: path.to_string(),
            });
        };
        let mut chain = self.chain(root, above, names).await?;
        let (mut name, mut change) = (name, change);
        while let Some((cid, node)) = chain.pop() {
            let place = above.get(..chain.len()).unwrap_or_default();
            // The form of the root's CID is a setting; the others keep theirs.
            let maker = if chain.is_empty() {
                settings.format.cid.clone()
            } else {
                CidMaker::like(&cid)?
            };
            let mut growth = growths.get(place);
            let made = self
                .change(&cid, node, &maker, name, &change, &mut growth)
                .await
                .map_err(|refused| match refused {
                    EntryError::Exists => MfsError::AlreadyExists {
                        path: path.clone().without_slash().to_string(),
                    },
                    EntryError::Absent => not_found(names),
                    EntryError::Failed(error) => error,
                })?;
            growths.set(place, growth);
            match place.last() {
                Some(above) => {
                    name = above;
                    change = Change::Set(made);
                }
                None => return Ok(made.cid),
            }
        }
        Err(not_found(names))
    }

    /// Makes a directory and those above it that are missing, and answers with the new root. What is there already stays.
    pub(super) async fn make_directories(
        &self,
        settings: &Settings,
        root: &Cid,
        names: &[ByteString],
        maker: &CidMaker,
        growths: &mut Growths,
    ) -> Result<Cid, MfsError> {
        let mut cid = root.clone();
        let mut depth = 0;
        loop {
            let Some(node) = self.directory(&cid).await? else {
                return Err(MfsError::NotADirectory {
                    path: joined(names.get(..depth).unwrap_or_default()),
                });
            };
            let Some(name) = names.get(depth) else {
                return Ok(root.clone());
            };
            match self.child(&cid, node, name).await? {
                Some(below) => cid = below,
                None => break,
            }
            depth += 1;
        }
        let mut made = self.empty_directory(maker).await?;
        for name in names.get(depth + 1..).unwrap_or_default().iter().rev() {
            let mut node = empty_directory();
            node.links.push(dag_pb::Link {
                cid: made.cid,
                name: Some(name.clone()),
                size: Some(made.tree_size),
            });
            made = self.put(maker, &node).await?;
        }
        let mut path = MfsPath::root();
        for name in names.get(..=depth).unwrap_or_default() {
            path = path.join(name);
        }
        self.change_at(settings, root, &path, Change::Insert(made), growths)
            .await
    }

    /// Writes a directory without entries.
    pub(super) async fn empty_directory(&self, maker: &CidMaker) -> Result<NodeLink, MfsError> {
        self.put(maker, &empty_directory()).await
    }

    /// A block as its parent links to it. Only the block itself is fetched.
    pub(super) async fn made(&self, cid: &Cid) -> Result<NodeLink, MfsError> {
        let (found, length) = self.load(cid).await?;
        Ok(NodeLink {
            cid: cid.clone(),
            tree_size: found.tree_size(length),
        })
    }
}

fn empty_directory() -> dag_pb::Node {
    dag_pb::Node {
        links: Vec::new(),
        data: Some(UnixFs::new(NodeKind::Directory).encode()),
    }
}

pub(super) fn not_found(names: &[ByteString]) -> MfsError {
    MfsError::NotFound {
        path: joined(names),
    }
}

pub(super) fn joined(names: &[ByteString]) -> String {
    if names.is_empty() {
        return "/".to_owned();
    }
    names.iter().map(|name| format!("/{name}")).collect()
}
