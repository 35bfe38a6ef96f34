//! Links between blocks.

pub mod links;
pub mod local;
