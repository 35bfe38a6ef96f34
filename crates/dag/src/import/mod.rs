//! Imports content: files and directories as UnixFS, CARs, single blocks and nodes.
//!
//! | what | with |
//! |---|---|
//! | the options, by Kubo's rules | [`ImportOptions`], [`DagFormat`] |
//! | one file or link | [`Importer`] |
//! | the entries of a multipart body | [`Tree`] |
//! | archives | [`CarImport`] |
//! | single blocks | [`BlockPutOptions`], [`BlockFormat`], [`put_block`] |
//! | single nodes | [`NodePutOptions`], [`NodeFormat`] |
//!
//! Every import takes a [`cairn_store::Hold`] before it writes or looks up anything, ends with one sync, and returns
//! the hold so that the caller commits a pin under it. An import that is dropped midway leaves blocks that nothing
//! refers to; the next collection removes them.

mod block;
mod blocks;
mod car;
mod closure;
mod error;
mod file;
mod format;
mod importer;
mod node;
mod options;
mod tree;
mod workers;

pub use block::{BlockFormat, BlockPutOptions, EXCHANGE_LIMIT, put_block};
pub use car::{CarFinished, CarImport};
pub use error::{CarFault, CarPlace, ImportError, OptionError};
pub use format::DagFormat;
pub use importer::{File, Importer};
pub use node::{NodeFormat, NodePutOptions};
pub use options::{FileMeta, ImportOptions};
pub use tree::{Added, ImportRoot, ImportedTree, MAX_FOLDER_PATHS, MAX_NAMES, Tree, TreeFile};
