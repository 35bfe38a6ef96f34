//! UnixFS nodes, with errors that name the block.

use bytes::Bytes;
use cairn_primitives::codec::dag_pb;
use cairn_primitives::unixfs::file::FileNode;
use cairn_primitives::unixfs::{NodeKind, ReadError, UnixFs};
use cairn_primitives::{Cid, Codec};

use crate::error::NodeError;
use crate::fetch::decode_node;

/// The UnixFS part of a dag-pb node.
pub(crate) fn of(cid: &Cid, node: &dag_pb::Node) -> Result<UnixFs, NodeError> {
    UnixFs::of(node).map_err(|error| unreadable(cid, error))
}

/// The UnixFS part of a dag-pb node whose links are still to be read.
pub(crate) fn of_links(cid: &Cid, links: &dag_pb::Links) -> Result<UnixFs, NodeError> {
    let data = links.data().ok_or(ReadError::NoData);
    data.and_then(UnixFs::decode)
        .map_err(|error| unreadable(cid, error))
}

/// Names the block that could not be read.
pub(crate) fn unreadable(cid: &Cid, error: ReadError) -> NodeError {
    match error {
        ReadError::NoData | ReadError::Missing("Data.Type") => {
            NodeError::NotUnixFs { cid: cid.clone() }
        }
        error => NodeError::UnixFs {
            cid: cid.clone(),
            error,
        },
    }
}

/// A file's node: its own bytes, and which bytes are below each link. A symbolic link's content is its target.
pub(crate) fn file_node(cid: &Cid, data: &Bytes) -> Result<FileNode, NodeError> {
    match cid.codec() {
        Codec::RAW => FileNode::decode(Codec::RAW, data).map_err(|error| unreadable(cid, error)),
        Codec::DAG_PB => {
            let node = decode_node(cid, data)?;
            let fs = of(cid, &node)?;
            if fs.kind == NodeKind::Symlink {
                return FileNode::decode(Codec::RAW, &fs.data.unwrap_or_default())
                    .map_err(|error| unreadable(cid, error));
            }
            FileNode::new(&node, fs).map_err(|error| unreadable(cid, error))
        }
        _ => Err(NodeError::UnknownType { cid: cid.clone() }),
    }
}
