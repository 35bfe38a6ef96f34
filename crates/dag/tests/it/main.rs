//! Imports, reads, pins and collections, held against what Kubo 0.42 answered.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod exchange;
mod import;
mod mfs;
mod object;
mod pins;
mod read;
mod support;
