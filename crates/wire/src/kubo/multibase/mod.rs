//! Texts of bytes.

pub mod decode;
pub mod encode;
pub mod list;
pub mod transcode;
