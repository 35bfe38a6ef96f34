//! Hosts on loopback.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod connect;
mod hostile;
mod limits;
mod peers;
mod private;
mod relay;
mod support;
mod whole;
