//! The HTTP faces of a Cairn node.
//!
//! A face only translates: it parses a request by its declaration in `cairn-wire`, calls the node, and writes the
//! response. Status codes are chosen in `<face>/error.rs` and nowhere else.

pub mod accounts;
mod auth;
pub mod cluster;
pub mod gateway;
mod guard;
pub mod hosts;
pub mod kubo;
mod lines;
pub mod listen;
pub mod logs;
pub mod metrics;
mod ops;
mod parts;
mod paths;
pub mod pinning;
pub mod remote_pins;
mod requests;
pub mod rest;
mod service;
mod stream;
pub mod tls;
mod trailer;
pub mod upload;
mod zip;

pub use kubo::Rpc;
pub use service::Service;
