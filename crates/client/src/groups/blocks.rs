//! Raw blocks.

use cairn_primitives::Cid;
use cairn_wire::kubo::block::get::BlockGet;
use cairn_wire::kubo::block::put::{BlockPut, BlockSize};
use cairn_wire::kubo::block::rm::{BlockRm, Removed};
use cairn_wire::kubo::block::stat::BlockStat;

use crate::error::Error;
use crate::kubo::{Call, IntoPath, IntoPaths, binary, cid, list, one, setters, some, texts};
use crate::upload::{IntoSources, files};

group! {
    /// Raw blocks: bytes and their CIDs.
    ///
    /// ```no_run
    /// # async fn example(kubo: cairn_client::Kubo) -> Result<(), cairn_client::Error> {
    /// let stored = kubo.blocks().put(b"Mary had a little lamb").await?;
    /// let block = &stored[0];
    /// let bytes = kubo.blocks().get(&block.cid).to_vec(block.size as usize).await?;
    /// # let _ = bytes; Ok(())
    /// # }
    /// ```
    Blocks, blocks
}

impl Blocks<'_> {
    /// Reads a block.
    pub fn get(&self, cid: impl IntoPath) -> Call<BlockGet> {
        Call::new(self.0, BlockGet::new(cid.into_path()))
    }

    /// Stores each source as one block.
    pub fn put(&self, blocks: impl IntoSources) -> Call<BlockPut> {
        Call::new(self.0, BlockPut::new()).sending(files(blocks, self.0.chunk_size()))
    }

    /// Removes unpinned blocks. The result has an error for each block that was not removed.
    pub fn rm(&self, cids: impl IntoPaths) -> Call<BlockRm> {
        Call::new(self.0, BlockRm::new(texts(cids)))
    }

    /// Returns the size of a block.
    pub fn stat(&self, cid: impl IntoPath) -> Call<BlockStat> {
        Call::new(self.0, BlockStat::new(cid.into_path()))
    }
}

/// A block.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BlockInfo {
    /// Its CID.
    pub cid: Cid,
    /// Its size in bytes.
    pub size: u64,
}

/// The result of removing a block.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RemovedBlock {
    /// Its CID.
    pub cid: Cid,
    /// Why it was not removed.
    pub error: Option<String>,
}

fn info(block: &BlockSize) -> Result<BlockInfo, Error> {
    Ok(BlockInfo {
        cid: cid(&block.key)?,
        size: block.size,
    })
}

binary!(BlockGet);

one! {
    BlockStat, BlockSize => BlockInfo, |block| info(&block);
}

list! {
    BlockPut, BlockSize => BlockInfo, |block, items| {
        items.push_back(info(&block)?);
        Ok(())
    };
    BlockRm, Removed => RemovedBlock, |removed, items| {
        items.push_back(RemovedBlock { cid: cid(&removed.hash)?, error: some(removed.error) });
        Ok(())
    };
}

cairn_wire::BlockPut!(setters);
cairn_wire::BlockRm!(setters);
