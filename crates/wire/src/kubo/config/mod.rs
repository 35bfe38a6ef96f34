//! The configuration file.

pub mod show;
pub mod value;
