//! DAGs of any codec, and CARs of them.

pub mod export;
pub mod import;
