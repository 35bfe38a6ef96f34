//! Where Cairn's bytes and rows live.
//!
//! [`block`] keeps blocks by multihash; [`meta`] keeps rows. Both are traits with several backends and one
//! conformance suite each.

pub mod block;
pub mod meta;

pub use block::{
    BlockCollector, BlockError, BlockReader, BlockSource, BlockStore, BlockWriter, Hold, ReadFuture,
};
