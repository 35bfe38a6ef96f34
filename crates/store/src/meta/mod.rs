//! Rows: what a repository knows besides its blocks.

pub mod conformance;
mod journal;
mod memory;
mod migrations;
mod sql;
mod sum;
mod traits;

pub(crate) use journal::PATH as JOURNAL;
pub use memory::MemoryRows;
pub use sql::{Beside, Rescued, SqliteRows};
pub use traits::*;
