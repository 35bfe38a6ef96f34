//! Storage of blocks and rows, and the interfaces to the network.
//!
//! [`block`] keeps blocks by multihash; [`meta`] keeps the rows of one repository; [`shared`] keeps the rows that many
//! processes may share. All are traits with several backends and a conformance suite each. [`exchange`], [`names`] and
//! [`network`] are traits that a network implements: blocks from peers, mutable names, and everything else about peers.

pub mod block;
pub mod exchange;
pub mod meta;
pub mod names;
pub mod network;
pub mod shared;
mod sqlite;

pub use block::{
    BlockCollector, BlockError, BlockReader, BlockStore, BlockWriter, Hold, ReadFuture,
};
pub use exchange::{Exchange, Session, SessionRequest};
pub use names::Names;
pub use network::{Network, NetworkError};
