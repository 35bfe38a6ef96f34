//! The log of the daemon.

pub mod level;
pub mod ls;
pub mod tail;
