//! Ranges of addresses to which no connections are made.

pub mod add;
pub mod list;
pub mod rm;
