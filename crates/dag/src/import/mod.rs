//! Imports content: files and directories as UnixFS, CARs, single blocks and nodes.
//!
//! | what | with |
//! |---|---|
//! | the options of an `add`, by Kubo's rules | [`AddRequest`], [`ImportDefaults`], [`ImportOptions`] |
//! | one file or link | [`Importer`] |
//! | the entries of a multipart body | [`Tree`] |
//! | archives | [`CarImport`] |
//! | single blocks | [`BlockFormat`], [`put_block`] |
//! | single nodes | [`NodeFormat`] |
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
mod importer;
mod node;
mod options;
mod request;
mod tree;
mod workers;

pub use block::{BlockFormat, BlockPutRequest, EXCHANGE_LIMIT, put_block};
pub use car::{CarFinished, CarImport};
pub use error::{CarFault, CarPlace, ImportError, OptionError};
pub use importer::{File, Importer};
pub use node::{NodeFormat, NodePutRequest};
pub use options::{FileMeta, ImportOptions};
pub use request::{AddRequest, ImportDefaults};
pub use tree::{Added, ImportRoot, ImportedTree, MAX_FOLDER_PATHS, Tree, TreeFile};
