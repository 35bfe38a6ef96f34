//! Rows: what a repository knows besides its blocks.

mod memory;
mod traits;

pub use memory::MemoryRows;
pub use traits::*;
