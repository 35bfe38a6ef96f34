//! DAGs of any codec, and CARs of them.

pub mod export;
pub mod get;
pub mod import;
pub mod put;
pub mod resolve;
pub mod stat;
