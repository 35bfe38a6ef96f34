//! The program from outside, in one executable: each one more would have to be linked with libp2p again. What changes the
//! process itself, such as its directory, has an executable of its own.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on has failed"
)]

mod access;
mod accounts;
mod answers;
mod calls;
mod check;
mod cli;
mod cluster;
mod codecs;
mod crash;
mod damage;
mod db_copy;
mod durability;
mod files;
mod filestore;
mod first_hour;
#[cfg(target_os = "linux")]
mod floods;
mod format;
#[cfg(target_os = "linux")]
mod full;
mod gateway;
#[cfg(target_os = "linux")]
mod hostile_peers;
mod ipns;
mod kubo_backend;
mod lifecycle;
#[cfg(target_os = "linux")]
mod limits;
mod names;
mod network;
mod odd_values;
mod online;
mod operations;
mod peers;
mod pinning;
mod recordings;
mod recovery;
mod refusals;
mod remote_pins;
mod rest;
mod sdk;
mod slow;
mod support;
mod tls;
mod upload;
mod uploads;
