//! The size of the content of a DAG: that of its files.

use cairn_dag::list::{EntryType, Lister};
use cairn_dag::{Blocks, NodeError};
use cairn_primitives::codec::dag_pb;
use cairn_primitives::unixfs::UnixFs;
use cairn_primitives::{Cid, Codec};

/// Entries of directories that are looked at; the size of larger trees is not told.
const MAX_ENTRIES: usize = 10_000;

/// Bytes of the file at a root, or of all files below it; `None` if it is not UnixFS, or too large a tree.
pub(super) async fn of(blocks: &Blocks, root: &Cid) -> Option<u64> {
    match size(blocks, root).await {
        Ok(size) => size,
        Err(error) => {
            tracing::debug!(%root, %error, "has no content size");
            None
        }
    }
}

async fn size(blocks: &Blocks, root: &Cid) -> Result<Option<u64>, NodeError> {
    match root.codec() {
        Codec::RAW => return Ok(Some(cairn_dag::stat::block(blocks, root).await?)),
        Codec::DAG_PB => {}
        _ => return Ok(None),
    }
    let data = blocks.get(root).await?;
    let Ok(Ok(node)) = dag_pb::Node::decode(&data).map(|node| UnixFs::of(&node)) else {
        return Ok(None);
    };
    if let Some(size) = node.content_size() {
        return Ok(Some(size));
    }
    let mut waiting = vec![root.clone()];
    let (mut total, mut seen) = (0_u64, 0);
    while let Some(directory) = waiting.pop() {
        let mut entries = Lister::open(blocks, &directory, true).await?;
        while let Some(entry) = entries.next().await? {
            seen += 1;
            if seen > MAX_ENTRIES {
                return Ok(None);
            }
            match entry.kind {
                EntryType::Directory => waiting.push(entry.cid),
                EntryType::File | EntryType::Symlink => total = total.saturating_add(entry.size),
                EntryType::Unknown => return Ok(None),
            }
        }
    }
    Ok(Some(total))
}
