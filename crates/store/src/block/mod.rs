//! Blocks by multihash.
//!
//! [`SegmentStore`] keeps them in append-only CAR files beneath a directory, [`MemoryStore`] in memory. The format of
//! the files is described in `docs/storage-format.md`.

pub mod conformance;
pub mod disk;
mod holds;
mod links;
mod memory;
pub mod segments;
mod traits;

pub use memory::MemoryStore;
pub use segments::{OpenError, OpenReport, Options, SegmentStore};
pub use traits::*;
