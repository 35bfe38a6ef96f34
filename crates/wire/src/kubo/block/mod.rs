//! Raw blocks.

pub mod get;
pub mod put;
pub mod rm;
pub mod stat;
