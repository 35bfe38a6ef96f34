//! The cluster, through its REST API: against recordings of IPFS Cluster 1.1.6, and as several peers on one database.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod access;
mod commands;
mod peers;
mod recordings;
mod rest;
mod view;
