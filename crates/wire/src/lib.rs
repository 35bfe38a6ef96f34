//! The endpoints of Cairn's APIs, each declared once.
//!
//! A declaration says where an endpoint is, what it takes and what it answers. The HTTP server mounts it, the client
//! calls it, the CLI parses and prints it, and `/api/v0/commands` lists it: none of them repeats a name.
//!
//! To add one to the Kubo RPC, write a file under [`kubo`], name it in the list there, and implement its handler in
//! `cairn-http`; what does not agree with the declaration does not compile.

#[macro_use]
mod declare;
pub mod endpoint;
pub mod error;
pub mod kubo;
pub mod multipart;
pub mod text;
pub mod values;

pub use endpoint::{ANY_PATH, Argument, Body, Endpoint, OptionSpec, ReplyKind, Spec};
pub use error::{CommandError, ErrorCode};
pub use values::{ParseError, Values};
