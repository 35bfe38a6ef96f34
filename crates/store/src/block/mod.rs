//! Blocks by multihash.
//!
//! [`SegmentStore`] stores them in append-only CAR files in a directory, [`MemoryStore`] in memory. The format of the
//! files is described in `docs/storage-format.md`. [`Filestore`] adds blocks in the user's files to another store,
//! [`NotifyingStore`] tells of the blocks that are written to one.

pub mod conformance;
pub mod disk;
pub mod filestore;
mod future;
mod holds;
mod links;
mod memory;
mod notify;
pub mod segments;
mod store;
mod traits;
mod unreadable;
mod wait;

pub use filestore::{Filestore, FilestoreOptions, NewReference};
pub use future::ReadFuture;
pub use memory::MemoryStore;
pub use notify::{NotifyingStore, OnWritten, WriteListener};
pub use segments::{OpenError, OpenReport, Options, SegmentStore};
pub use traits::*;
pub use unreadable::{MAX_NAMED, UnreadableBlock, UnreadableBlocks};
