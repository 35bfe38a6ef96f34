//! Rows: what a repository knows besides its blocks.

pub mod conformance;
mod memory;
mod migrations;
mod sql;
mod traits;

pub use memory::MemoryRows;
pub use sql::SqliteRows;
pub use traits::*;
