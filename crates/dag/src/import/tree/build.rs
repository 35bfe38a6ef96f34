//! Builds the blocks of directories, children before parents.

use cairn_primitives::Block;
use cairn_primitives::ByteString;
use cairn_primitives::unixfs::directory::{DirectoryBuilder, DirectoryParams, Entry as Link};
use cairn_primitives::unixfs::{BuildError, Built, NodeKind, UnixFs, hamt};

use super::folders::{Entry, FolderId, Folders};
use super::path;
use crate::import::ImportError;
use crate::import::importer::Importer;

/// A folder of so many entries is built on a hashing thread.
const LARGE_FOLDER: usize = 512;

/// Folders that are built.
#[derive(Debug)]
pub(super) struct BuiltFolders {
    /// By id.
    built: Vec<Option<Built>>,
    /// The folders in each folder, in the order of its links; by id.
    children: Vec<Vec<(ByteString, FolderId)>>,
}

/// Builds a root folder and all that lies below it; the blocks go to the importer.
pub(super) async fn build(
    importer: &mut Importer,
    mut folders: Folders,
) -> Result<BuiltFolders, ImportError> {
    let mut built: Vec<Option<Built>> = vec![None; folders.len()];
    let mut children = vec![Vec::new(); folders.len()];
    while let Some((id, folder)) = folders.pop() {
        let mut links = Vec::with_capacity(folder.entries.len());
        let mut within = Vec::new();
        for (name, entry) in folder.entries {
            let (cid, tree_size) = match entry {
                Entry::Leaf { cid, size } => (cid, size),
                Entry::Folder(child) => {
                    let done = built
                        .get(child.index())
                        .and_then(Option::as_ref)
                        .ok_or(ImportError::Failed)?;
                    within.push((name.clone(), child));
                    (done.cid.clone(), done.tree_size)
                }
            };
            links.push(Link {
                name,
                cid,
                tree_size,
            });
        }
        let params = importer.directory(folder.meta);
        let (root, blocks) = if links.len() >= LARGE_FOLDER {
            importer
                .workers()?
                .run(move || build_one(params, links))
                .await?
                .wait()
                .await??
        } else {
            build_one(params, links)?
        };
        if within.len() > 1 {
            let sharded = blocks.last().is_some_and(is_shard);
            within.sort_unstable_by(|(one, _), (other, _)| {
                if sharded {
                    hamt::hash_name(one).cmp(&hamt::hash_name(other))
                } else {
                    one.cmp(other)
                }
            });
        }
        for block in blocks {
            importer.blocks.push(block);
            importer.blocks.flush_if_full().await?;
        }
        if let Some(slot) = built.get_mut(id.index()) {
            *slot = Some(root);
        }
        if let Some(slot) = children.get_mut(id.index()) {
            *slot = within;
        }
    }
    Ok(BuiltFolders { built, children })
}

fn build_one(params: DirectoryParams, links: Vec<Link>) -> Result<(Built, Vec<Block>), BuildError> {
    let mut builder = DirectoryBuilder::new(params)?;
    for link in links {
        builder.add(link)?;
    }
    let mut blocks = Vec::new();
    let root = builder.finish(&mut |block| blocks.push(block))?;
    Ok((root, blocks))
}

fn is_shard(root: &Block) -> bool {
    let node = cairn_primitives::codec::dag_pb::Node::decode(&root.data).ok();
    node.and_then(|node| UnixFs::of(&node).ok())
        .is_some_and(|node| node.kind == NodeKind::HamtShard)
}

impl BuiltFolders {
    /// Goes through all folders, children before parents, with the root under a name.
    pub(super) fn walk(&self, name: &[u8]) -> impl Iterator<Item = (ByteString, &Built)> {
        let mut open = vec![(ByteString::from(name), Folders::root(), 0)];
        std::iter::from_fn(move || {
            loop {
                let (name, id, next) = open.last_mut()?;
                let child = self
                    .children
                    .get(id.index())
                    .and_then(|children| children.get(*next));
                if let Some((child, child_id)) = child {
                    *next += 1;
                    let name = path::join(name, child);
                    open.push((name, *child_id, 0));
                    continue;
                }
                let (name, id, _) = open.pop()?;
                return Some((name, self.built.get(id.index())?.as_ref()?));
            }
        })
    }
}
