//! The endpoints of Cairn's APIs, each declared once.
//!
//! A declaration states the path of an endpoint, its parameters and its response. The HTTP server mounts it, the
//! client calls it, the CLI parses and prints it, and `/api/v0/commands` lists it: none of them repeats a name.
//!
//! To add a command to the Kubo RPC, write a file under [`kubo`]; to add a REST endpoint, one under its API, such as
//! [`pinning`]. Add it to the list there, and implement its handler in `cairn-http`; anything that disagrees with the
//! declaration does not compile.

pub mod error;
mod json;
pub mod kubo;
pub mod multipart;
#[macro_use]
pub mod rest;
pub mod accounts;
pub mod cluster;
pub mod peers;
pub mod pinning;
pub mod shape;
pub mod upload;

pub mod text;
pub mod values;

pub use error::{CommandError, ERROR_DETAIL, ErrorCode};
pub use values::{ParseError, Values};
