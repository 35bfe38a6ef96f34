//! Operations on Merkle DAGs: import, export, resolve, list, pin, collect.
//!
//! Blocks are read through [`Blocks`]: from the local store, or from peers. Local blocks are read immediately; only
//! absent blocks are waited for. Every walk is iterative and stops when its future or stream is dropped.

pub mod directory;
pub mod error;
pub mod export;
pub mod fetch;
pub mod filestore;
pub mod gc;
pub mod import;
pub mod list;
pub mod listing;
pub mod mfs;
mod missing;
pub mod object;
pub mod pin;
pub mod refs;
pub mod resolve;
pub mod stat;
mod unixfs;
mod walk;

pub use error::{FetchError, NodeError};
pub use fetch::Blocks;
pub use missing::{Missing, missing};
pub use pin::Pinner;
