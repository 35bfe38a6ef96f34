//! Existing CARs, which are cut into parts.

use std::fs::File;
use std::io::Read as _;
use std::path::PathBuf;

use bytes::Bytes;
use cairn_primitives::Cid;
use cairn_primitives::block::Block;
use cairn_primitives::car::{self, Decoder, Event};

use super::{Blocks, Counter, Origin, Packed, Place, StorageError, blocking};
use crate::upload::UploadError;

/// Bytes that are read before others get their turn.
const STEP: usize = 4 << 20;

/// Verifies the blocks of a CAR, and finds where they are.
pub(in crate::nft_storage) async fn index_car(
    path: PathBuf,
    counter: Counter,
) -> Result<Packed, StorageError> {
    let mut index = Index::new(path.clone(), counter)?;
    let mut file = blocking(move || {
        File::open(&path).map_err(|source| StorageError::from(UploadError::Open { path, source }))
    })
    .await?;
    loop {
        let is_end;
        (index, file, is_end) = blocking(move || {
            let mut bytes = Vec::with_capacity(STEP);
            (&mut file)
                .take(STEP as u64)
                .read_to_end(&mut bytes)
                .map_err(|source| StorageError::reading(&index.path, source))?;
            let is_end = bytes.len() < STEP;
            index.push(bytes.into())?;
            Ok((index, file, is_end))
        })
        .await?;
        if is_end {
            return index.finish();
        }
    }
}

struct Index {
    path: PathBuf,
    decoder: Decoder,
    blocks: Blocks,
    origin: u32,
    root: Option<Cid>,
    counter: Counter,
}

impl Index {
    fn new(path: PathBuf, counter: Counter) -> Result<Self, StorageError> {
        let mut blocks = Blocks::default();
        Ok(Self {
            origin: blocks.origin(Origin::File(path.clone()))?,
            path,
            decoder: Decoder::default(),
            blocks,
            root: None,
            counter,
        })
    }

    fn push(&mut self, bytes: Bytes) -> Result<(), StorageError> {
        self.counter.add(bytes.len());
        self.decoder.push(bytes);
        while let Some(event) = self.decoder.next()? {
            match event {
                Event::Header { roots, .. } => {
                    let count = roots.len();
                    let [root] =
                        <[Cid; 1]>::try_from(roots).map_err(|_| StorageError::Roots { count })?;
                    self.root = Some(root);
                }
                Event::Block(block) => self.block(&block)?,
            }
        }
        Ok(())
    }

    fn block(&mut self, block: &Block) -> Result<(), StorageError> {
        car::verify(block)?;
        let length = block.data.len();
        let place = Place::Range {
            origin: self.origin,
            offset: self.decoder.position() - length as u64,
            length: u32::try_from(length).unwrap_or(u32::MAX),
        };
        self.blocks.insert(&block.cid, place);
        Ok(())
    }

    fn finish(self) -> Result<Packed, StorageError> {
        self.decoder.finish()?;
        let root = self.root.ok_or(StorageError::Roots { count: 0 })?;
        Ok(Packed {
            root,
            size: self.blocks.size,
            blocks: self.blocks,
        })
    }
}
