//! Cuts a DAG into CARs of bounded size.

use std::collections::HashSet;

use bytes::Bytes;
use cairn_primitives::Cid;
use cairn_primitives::car::v1;
use cairn_primitives::cid::Codec;
use cairn_primitives::codec;
use cairn_primitives::multihash::{IDENTITY, Multihash};

use super::{Blocks, Packed, StorageError};

/// Room for the header of a part and for the nodes above its first block, in bytes.
const HEADS: usize = 1 << 20;

/// Walks a DAG from its root, and writes its blocks to CARs. Each of them has the root of the DAG as its root, and begins with the
/// nodes between it and the first block that no part before had: so it is a part of the DAG without gaps, as nft.storage's own
/// client makes them.
#[derive(Debug)]
pub(in crate::nft_storage) struct Splitter {
    root: Cid,
    blocks: Blocks,
    limit: usize,
    /// The nodes between the root and the next block.
    path: Vec<Node>,
    /// Blocks that are in a part, and their size.
    written: HashSet<Multihash>,
    size_written: u64,
    is_begun: bool,
}

/// A node whose links are being walked.
#[derive(Debug)]
struct Node {
    cid: Cid,
    data: Bytes,
    /// Its links, in their binary form.
    links: Vec<u8>,
    /// The position of the next link.
    at: usize,
}

impl Node {
    fn new(cid: Cid, data: Bytes) -> Result<Self, StorageError> {
        let links = codec::links(cid.codec(), &data).map_err(|source| StorageError::Node {
            cid: Box::new(cid.clone()),
            source,
        })?;
        Ok(Self {
            links: links.into_bytes(),
            at: 0,
            cid,
            data,
        })
    }

    /// The next link and its length.
    fn next(&self) -> Option<(Cid, usize)> {
        let rest = self.links.get(self.at..).filter(|rest| !rest.is_empty())?;
        // The list was made of CIDs.
        Cid::read(rest).ok()
    }
}

impl Splitter {
    /// Parts are at most `limit` bytes large, unless one block with the nodes above it is larger.
    pub(in crate::nft_storage) fn new(packed: Packed, limit: usize) -> Self {
        Self {
            root: packed.root,
            blocks: packed.blocks,
            limit,
            path: Vec::new(),
            written: HashSet::new(),
            size_written: 0,
            is_begun: false,
        }
    }

    /// The next part, a CAR; `None` after the last one. Reads files: to be called on a thread that may block.
    pub(in crate::nft_storage) fn next_part(&mut self) -> Result<Option<Bytes>, StorageError> {
        if !self.is_begun {
            let data = self.blocks.read(&self.root)?;
            self.written.insert(self.root.hash().clone());
            self.path.push(Node::new(self.root.clone(), data)?);
        }
        // Of its final size, so that it does not grow by doubling.
        let left = usize::try_from(self.blocks.size.saturating_sub(self.size_written));
        let room = left.map_or(self.limit, |left| left + left / 4 + HEADS);
        let mut car = Vec::with_capacity(room.min(self.limit));
        v1::write_header(std::slice::from_ref(&self.root), &mut car);
        for node in &self.path {
            write(&node.cid, &node.data, &mut car);
        }
        let mut is_empty = std::mem::replace(&mut self.is_begun, true);
        while let Some(node) = self.path.last_mut() {
            let Some((cid, used)) = node.next() else {
                self.path.pop();
                continue;
            };
            if self.written.contains(cid.hash()) {
                node.at += used;
                continue;
            }
            if cid.hash().code() == IDENTITY {
                node.at += used;
                let data = Bytes::copy_from_slice(cid.hash().digest());
                self.written.insert(cid.hash().clone());
                self.enter(cid, data)?;
                continue;
            }
            let length = self.blocks.length(&cid)?;
            if !is_empty && car.len() + v1::section_len(&cid, length) > self.limit {
                return Ok(Some(car.into()));
            }
            node.at += used;
            let data = self.blocks.read(&cid)?;
            self.written.insert(cid.hash().clone());
            self.size_written += data.len() as u64;
            write(&cid, &data, &mut car);
            is_empty = false;
            self.enter(cid, data)?;
        }
        Ok((!is_empty).then(|| car.into()))
    }

    /// Continues with the links of a block, if it can have any.
    fn enter(&mut self, cid: Cid, data: Bytes) -> Result<(), StorageError> {
        if cid.codec() != Codec::RAW {
            self.path.push(Node::new(cid, data)?);
        }
        Ok(())
    }
}

/// Appends a block. Identity CIDs hold their own.
fn write(cid: &Cid, data: &[u8], car: &mut Vec<u8>) {
    if cid.hash().code() != IDENTITY {
        v1::write_block_prefix(cid, data.len(), car);
        car.extend_from_slice(data);
    }
}
