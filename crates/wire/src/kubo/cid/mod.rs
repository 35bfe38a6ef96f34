//! CIDs.

pub mod base32;
pub mod bases;
pub mod codecs;
pub mod format;
pub mod hashes;
pub mod inspect;
