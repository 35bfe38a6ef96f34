//! Blocks by multihash.

mod holds;
mod links;
mod memory;
mod traits;

pub use memory::MemoryStore;
pub use traits::*;
