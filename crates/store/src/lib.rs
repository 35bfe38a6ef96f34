//! Where Cairn's bytes and rows live.
//!
//! [`block`] keeps blocks by multihash; [`meta`] keeps the rows of one repository; [`shared`] keeps the rows that many
//! processes may share. All are traits with several backends and a conformance suite each.

pub mod block;
pub mod meta;
pub mod shared;
mod sqlite;

pub use block::{BlockError, BlockSource, BlockStore, Hold};
