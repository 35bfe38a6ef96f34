//! The client against servers that do what no good server does.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod archive;
#[cfg(feature = "blocking")]
mod blocking;
mod docs;
mod errors;
mod get;
mod requests;
mod server;
