//! Local rows: the data of a repository besides its blocks.
//!
//! One trait per table group, and [`Rows`] for those in the database; [`KeyRows`] are files. Each group has a file
//! here, in every backend (`memory/`, `sql/`) and in [`conformance`].

pub mod conformance;
mod error;
mod journal;
mod keys;
mod memory;
mod mfs;
mod migrations;
mod names;
mod pins;
mod references;
mod sql;
mod sum;
mod traits;

pub use error::RowError;
pub(crate) use journal::PATH as JOURNAL;
pub use keys::*;
pub use memory::MemoryRows;
pub use mfs::MfsRows;
pub use names::*;
pub use pins::*;
pub use references::*;
pub use sql::{RecoveredRows, RowsLocation, SalvagedReferences, SqliteRows};
pub use traits::Rows;
