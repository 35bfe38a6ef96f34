//! The services on a real node and SQLite.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod additions;
mod process;
mod releases;
