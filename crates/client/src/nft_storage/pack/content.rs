//! Packs files and directories as UnixFS: CIDv1, raw leaves of 256 KiB, as nft.storage does.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::PathBuf;

use bytes::{Bytes, BytesMut};
use cairn_primitives::cid::{Codec, Version};
use cairn_primitives::multihash::{HashFunction, SHA2_256};
use cairn_primitives::unixfs::chunker::{Chunker, ChunkerSpec};
use cairn_primitives::unixfs::directory::{DirectoryBuilder, DirectoryParams, Entry};
use cairn_primitives::unixfs::layout::{FileBuilder, LayoutParams, make_leaf};
use cairn_primitives::unixfs::{BuildError, Built, CidMaker, symlink};
use cairn_primitives::{ByteString, Cid};
use futures_util::stream::StreamExt as _;

use super::{Blocks, Counter, Origin, Packed, Place, StorageError, blocking};
use crate::upload::{Content, Part, UploadError};

/// Bytes that are read from a file before others get their turn.
const STEP: usize = 4 << 20;
/// Maximum number of directories in a path.
const DEPTH: usize = 1000;

/// Packs the entries of a tree.
pub(in crate::nft_storage) struct Packer {
    layout: LayoutParams,
    blocks: Blocks,
    top: Folder,
    counter: Counter,
    /// Maximum size of content that cannot be read twice, and is kept in memory.
    memory: usize,
}

/// A directory in the making.
#[derive(Debug, Default)]
struct Folder(BTreeMap<Vec<u8>, Child>);

#[derive(Debug)]
enum Child {
    Folder(Folder),
    Leaf { cid: Cid, tree_size: u64 },
}

impl From<Built> for Child {
    fn from(built: Built) -> Self {
        Self::Leaf {
            cid: built.cid,
            tree_size: built.tree_size,
        }
    }
}

impl Packer {
    pub(in crate::nft_storage) fn new(
        counter: Counter,
        memory: usize,
    ) -> Result<Self, StorageError> {
        let function = HashFunction::from_code(SHA2_256).map_err(BuildError::from)?;
        let maker = CidMaker::new(Version::V1, function)?;
        Ok(Self {
            layout: LayoutParams::new(maker, true),
            blocks: Blocks::default(),
            top: Folder::default(),
            counter,
            memory,
        })
    }

    /// Adds an entry of the tree.
    pub(in crate::nft_storage) async fn add(mut self, part: Part) -> Result<Self, StorageError> {
        let name = part.name;
        let child = match part.content {
            Content::Directory => Child::Folder(Folder::default()),
            Content::Symlink(target) => {
                let (block, built) = symlink::build(&self.layout.cid, &target, None)?;
                self.blocks.insert_node(block);
                built.into()
            }
            Content::Bytes(bytes) => self.bytes(bytes)?.into(),
            Content::Stream(mut stream) => {
                let mut whole = BytesMut::new();
                while let Some(bytes) = stream.next().await {
                    let bytes = bytes.map_err(|source| UploadError::Stream {
                        name: String::from_utf8_lossy(&name).into_owned(),
                        source,
                    })?;
                    if whole.len() + bytes.len() > self.memory {
                        return Err(StorageError::TooLargeForMemory { limit: self.memory });
                    }
                    whole.extend_from_slice(&bytes);
                }
                self.bytes(whole.freeze())?.into()
            }
            Content::File(path) => {
                let built;
                (self, built) = self.file(path).await?;
                built.into()
            }
        };
        self.top.insert(&name, child)?;
        Ok(self)
    }

    /// The DAG: the only entry, or a directory of all.
    pub(in crate::nft_storage) async fn finish(self, wrap: bool) -> Result<Packed, StorageError> {
        blocking(move || {
            let Self {
                layout,
                mut blocks,
                mut top,
                ..
            } = self;
            let params = DirectoryParams::new(layout.cid);
            let only = match top.0.len() {
                1 if !wrap => top.0.pop_first(),
                _ => None,
            };
            let root = match only {
                Some((_, Child::Leaf { cid, .. })) => cid,
                Some((_, Child::Folder(folder))) => folder.build(&params, &mut blocks)?.cid,
                None => top.build(&params, &mut blocks)?.cid,
            };
            Ok(Packed {
                root,
                size: blocks.size,
                blocks,
            })
        })
        .await
    }

    fn bytes(&mut self, bytes: Bytes) -> Result<Built, StorageError> {
        let origin = self.blocks.origin(Origin::Bytes(bytes.clone()))?;
        let mut file = OpenFile::new(&self.layout, origin)?;
        self.counter.add(bytes.len());
        file.push(bytes, &mut self.blocks)?;
        file.finish(&mut self.blocks)
    }

    async fn file(mut self, path: PathBuf) -> Result<(Self, Built), StorageError> {
        let origin = self.blocks.origin(Origin::File(path.clone()))?;
        let mut file = OpenFile::new(&self.layout, origin)?;
        let opened = path.clone();
        let mut reader = blocking(move || {
            File::open(&opened).map_err(|source| {
                StorageError::from(UploadError::Open {
                    path: opened,
                    source,
                })
            })
        })
        .await?;
        // In steps, so that it ends soon after it was cancelled.
        loop {
            let path = path.clone();
            let is_end;
            (self, file, reader, is_end) = blocking(move || {
                let mut bytes = Vec::with_capacity(STEP);
                (&mut reader)
                    .take(STEP as u64)
                    .read_to_end(&mut bytes)
                    .map_err(|source| StorageError::reading(&path, source))?;
                let is_end = bytes.len() < STEP;
                self.counter.add(bytes.len());
                file.push(bytes.into(), &mut self.blocks)?;
                Ok((self, file, reader, is_end))
            })
            .await?;
            if is_end {
                let built = file.finish(&mut self.blocks)?;
                return Ok((self, built));
            }
        }
    }
}

impl Folder {
    /// Inserts an entry at a path. Of two entries with the same path the later one counts; a directory keeps its entries.
    fn insert(&mut self, path: &[u8], child: Child) -> Result<(), StorageError> {
        let invalid = || StorageError::Name {
            name: String::from_utf8_lossy(path).into_owned(),
        };
        let mut names: Vec<&[u8]> = path.split(|byte| *byte == b'/').collect();
        let is_invalid = |name: &&[u8]| matches!(**name, [] | [b'.'] | [b'.', b'.']);
        // Content without a name may be the root.
        if names.len() > DEPTH || names.iter().any(is_invalid) && !path.is_empty() {
            return Err(invalid());
        }
        let last = names.pop().unwrap_or_default();
        let mut folder = self;
        for name in names {
            let next = folder.0.entry(name.to_vec());
            let next = next.or_insert_with(|| Child::Folder(Self::default()));
            folder = match next {
                Child::Folder(folder) => folder,
                Child::Leaf { .. } => return Err(invalid()),
            };
        }
        match (folder.0.get_mut(last), child) {
            (Some(Child::Folder(_)), Child::Folder(_)) => {}
            (Some(found), child) => *found = child,
            (None, child) => {
                folder.0.insert(last.to_vec(), child);
            }
        }
        Ok(())
    }

    fn build(self, params: &DirectoryParams, blocks: &mut Blocks) -> Result<Built, StorageError> {
        let mut builder = DirectoryBuilder::new(params.clone())?;
        for (name, child) in self.0 {
            let (cid, tree_size) = match child {
                Child::Leaf { cid, tree_size } => (cid, tree_size),
                Child::Folder(folder) => {
                    let built = folder.build(params, blocks)?;
                    (built.cid, built.tree_size)
                }
            };
            builder.add(Entry {
                name: ByteString::from(name),
                cid,
                tree_size,
            })?;
        }
        Ok(builder.finish(&mut |block| blocks.insert_node(block))?)
    }
}

/// A file in the making.
struct OpenFile {
    layout: LayoutParams,
    chunker: Chunker,
    builder: FileBuilder,
    origin: u32,
    offset: u64,
}

impl OpenFile {
    fn new(layout: &LayoutParams, origin: u32) -> Result<Self, StorageError> {
        Ok(Self {
            layout: layout.clone(),
            chunker: Chunker::new(&ChunkerSpec::default()),
            builder: FileBuilder::new(layout.clone())?,
            origin,
            offset: 0,
        })
    }

    fn push(&mut self, bytes: Bytes, blocks: &mut Blocks) -> Result<(), StorageError> {
        let mut chunks = Vec::new();
        self.chunker.push(bytes, &mut |chunk| chunks.push(chunk));
        self.chunks(chunks, blocks)
    }

    fn finish(mut self, blocks: &mut Blocks) -> Result<Built, StorageError> {
        let mut chunks = Vec::new();
        self.chunker.finish(&mut |chunk| chunks.push(chunk));
        self.chunks(chunks, blocks)?;
        let mut nodes = nodes_into(blocks);
        Ok(self.builder.finish(&mut nodes)?)
    }

    fn chunks(&mut self, chunks: Vec<Bytes>, blocks: &mut Blocks) -> Result<(), StorageError> {
        for chunk in chunks {
            let leaf = make_leaf(&self.layout, chunk)?;
            let length = leaf.block.data.len();
            let place = Place::Range {
                origin: self.origin,
                offset: self.offset,
                length: u32::try_from(length).unwrap_or(u32::MAX),
            };
            blocks.insert(&leaf.block.cid, place);
            self.offset += length as u64;
            self.builder.push(leaf, &mut nodes_into(blocks))?;
        }
        Ok(())
    }
}

/// Keeps the nodes with links, and the empty leaf of an empty file. Other leaves have been inserted.
fn nodes_into(blocks: &mut Blocks) -> impl FnMut(cairn_primitives::block::Block) {
    |block| {
        if block.cid.codec() != Codec::RAW || block.data.is_empty() {
            blocks.insert_node(block);
        }
    }
}
