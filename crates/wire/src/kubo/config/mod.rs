//! The configuration file.

pub mod profile;
pub mod replace;
pub mod show;
pub mod value;
