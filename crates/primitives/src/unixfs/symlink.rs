//! Symbolic links.

use bytes::Bytes;

use crate::block::Block;
use crate::cid::Codec;
use crate::codec::dag_pb;

use super::{BuildError, Built, CidMaker, Mtime, NodeKind, UnixFs};

/// Makes the node of a symbolic link. Kubo keeps a link's time but not its mode.
pub fn build(
    cid: &CidMaker,
    target: &[u8],
    mtime: Option<Mtime>,
) -> Result<(Block, Built), BuildError> {
    let node = UnixFs {
        data: Some(Bytes::copy_from_slice(target)),
        mtime,
        ..UnixFs::new(NodeKind::Symlink)
    };
    let data = Bytes::from(
        dag_pb::Node {
            links: Vec::new(),
            data: Some(node.encode()),
        }
        .encode(),
    );
    let cid = cid.make(Codec::DAG_PB, &data)?;
    let built = Built {
        cid: cid.clone(),
        file_size: target.len() as u64,
        tree_size: data.len() as u64,
    };
    Ok((Block::new(cid, data), built))
}
