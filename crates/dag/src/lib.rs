//! What Merkle DAGs mean: import, export, resolve, list, pin, collect.
//!
//! Reading goes through [`Blocks`]: a local store, and peers behind it when there are any. What is local is answered at
//! once; only an absent block waits. Every walk is iterative and stops when its future or stream is dropped.

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
pub mod object;
pub mod pin;
pub mod refs;
pub mod resolve;
pub mod stat;
mod unixfs;
mod walk;

pub use error::{FetchError, NodeError};
pub use fetch::Blocks;
pub use pin::Pinner;
