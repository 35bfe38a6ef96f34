//! Reads files: which link has which bytes.

use std::ops::Range;

use bytes::Bytes;

use super::{Mtime, NodeKind, ReadError, UnixFs};
use crate::cid::{Cid, Codec};
use crate::codec::dag_pb;

/// Deepest file that a reader should follow. A balanced file of two links a node and 2^64 bytes has 64 levels.
pub const MAX_DEPTH: usize = 128;

/// A node of a file: bytes of its own first, then the bytes below its links in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileNode {
    /// Bytes that stand in the node itself.
    pub data: Bytes,
    /// The links with the bytes that they claim to hold; ranges follow one another behind [`Self::data`] and may
    /// be empty.
    pub children: Vec<FileChild>,
    /// Bytes of content in all.
    pub size: u64,
    /// Permissions, when the node has them.
    pub mode: Option<u32>,
    /// Time of modification, when the node has a valid one.
    pub mtime: Option<Mtime>,
}

/// A link of a file node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileChild {
    /// The block.
    pub cid: Cid,
    /// Which bytes of the node's content are below. The child may turn out to hold less or more: compare with its
    /// [`FileNode::size`].
    pub range: Range<u64>,
}

impl FileNode {
    /// Reads a block of a file, raw or dag-pb.
    pub fn decode(codec: Codec, block: &Bytes) -> Result<Self, ReadError> {
        match codec {
            Codec::RAW => Ok(Self {
                data: block.clone(),
                children: Vec::new(),
                size: block.len() as u64,
                mode: None,
                mtime: None,
            }),
            Codec::DAG_PB => {
                let node = dag_pb::Node::decode(block)?;
                let unixfs = UnixFs::of(&node)?;
                Self::new(&node, unixfs)
            }
            Codec(code) => Err(ReadError::NotUnixFs(code)),
        }
    }

    /// Puts the links of a node beside their sizes. Checks that there are as many of one as of the other and that
    /// they sum to what the node claims.
    pub fn new(node: &dag_pb::Node, unixfs: UnixFs) -> Result<Self, ReadError> {
        if !unixfs.kind.is_file() {
            return Err(ReadError::Kind {
                expected: "File",
                found: unixfs.kind,
            });
        }
        if node.links.len() != unixfs.block_sizes.len() {
            return Err(ReadError::BlockSizes {
                links: node.links.len(),
                sizes: unixfs.block_sizes.len(),
            });
        }
        let mode = unixfs.permissions();
        let mtime = unixfs.valid_mtime();
        let data = unixfs.data.unwrap_or_default();
        let mut size = data.len() as u64;
        let mut children = Vec::with_capacity(node.links.len());
        for (link, &length) in node.links.iter().zip(&unixfs.block_sizes) {
            let end = size.checked_add(length).ok_or(ReadError::SizeOverflow)?;
            children.push(FileChild {
                cid: link.cid.clone(),
                range: size..end,
            });
            size = end;
        }
        match unixfs.file_size {
            Some(claimed) if claimed != size => Err(ReadError::SizeMismatch { claimed, sum: size }),
            _ => Ok(Self {
                data,
                children,
                size,
                mode,
                mtime,
            }),
        }
    }

    /// The children that hold any of the bytes from `offset` on, the first of them perhaps in its midst.
    #[must_use]
    pub fn children_from(&self, offset: u64) -> &[FileChild] {
        let first = self
            .children
            .partition_point(|child| child.range.end <= offset);
        self.children.get(first..).unwrap_or_default()
    }

    /// The node's own bytes from `offset` on.
    #[must_use]
    pub fn data_from(&self, offset: u64) -> Bytes {
        match usize::try_from(offset) {
            Ok(offset) if offset < self.data.len() => self.data.slice(offset..),
            _ => Bytes::new(),
        }
    }
}

/// The target of a symbolic link.
pub fn read_symlink(node: &dag_pb::Node) -> Result<Bytes, ReadError> {
    let unixfs = UnixFs::of(node)?;
    match unixfs.kind {
        NodeKind::Symlink => Ok(unixfs.data.unwrap_or_default()),
        found => Err(ReadError::Kind {
            expected: "Symlink",
            found,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::dag_pb::Link;

    fn node(sizes: &[u64], links: usize, file_size: Option<u64>) -> dag_pb::Node {
        let cid: Cid = "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy"
            .parse()
            .unwrap();
        let unixfs = UnixFs {
            data: Some(Bytes::from_static(b"abc")),
            file_size,
            block_sizes: sizes.to_vec(),
            ..UnixFs::new(NodeKind::File)
        };
        dag_pb::Node {
            links: vec![
                Link {
                    cid,
                    name: Some(Default::default()),
                    size: None
                };
                links
            ],
            data: Some(unixfs.encode()),
        }
    }

    fn read(node: &dag_pb::Node) -> Result<FileNode, ReadError> {
        FileNode::decode(Codec::DAG_PB, &node.encode().into())
    }

    #[test]
    fn gives_ranges() {
        let file = read(&node(&[10, 0, 5], 3, Some(18))).unwrap();
        let ranges = |children: &[FileChild]| -> Vec<Range<u64>> {
            children.iter().map(|child| child.range.clone()).collect()
        };
        assert_eq!(ranges(&file.children), [3..13, 13..13, 13..18]);
        assert_eq!(ranges(file.children_from(13)), ranges(&file.children[2..]));
        assert_eq!(file.children_from(12).len(), 3);
        assert_eq!(file.children_from(0).len(), 3);
        assert!(file.children_from(18).is_empty());
        assert!(file.children_from(u64::MAX).is_empty());
        assert_eq!(&file.data_from(1)[..], b"bc");
        assert!(file.data_from(3).is_empty());
    }

    #[test]
    fn refuses_sizes_that_do_not_fit() {
        assert!(matches!(
            read(&node(&[1], 2, None)),
            Err(ReadError::BlockSizes { links: 2, sizes: 1 })
        ));
        assert_eq!(
            read(&node(&[u64::MAX, 1], 2, Some(3))),
            Err(ReadError::SizeOverflow)
        );
        assert_eq!(
            read(&node(&[u64::MAX - 3, 1], 2, Some(3))),
            Err(ReadError::SizeOverflow)
        );
        assert_eq!(
            read(&node(&[1, 1], 2, Some(6))),
            Err(ReadError::SizeMismatch { claimed: 6, sum: 5 })
        );
        assert!(matches!(
            FileNode::decode(Codec::DAG_CBOR, &Bytes::new()),
            Err(ReadError::NotUnixFs(0x71))
        ));
        let directory = dag_pb::Node {
            links: Vec::new(),
            data: Some(UnixFs::new(NodeKind::Directory).encode()),
        };
        assert!(matches!(read(&directory), Err(ReadError::Kind { .. })));
        assert_eq!(read(&dag_pb::Node::default()), Err(ReadError::NoData));
    }
}
