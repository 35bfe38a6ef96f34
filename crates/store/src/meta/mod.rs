//! Rows: what a repository knows besides its blocks.

pub mod conformance;
mod journal;
mod memory;
mod migrations;
mod sql;
mod sum;
mod traits;

pub use memory::MemoryRows;
pub(crate) use journal::PATH as JOURNAL;
pub use sql::{Beside, Rescued, SqliteRows};
pub use traits::*;
