//! Multibase encodings.

pub mod decode;
pub mod encode;
pub mod list;
pub mod transcode;
