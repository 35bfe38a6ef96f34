//! The faces of a Cairn node: thin HTTP over the node.
//!
//! A face translates and decides nothing: it reads a request by its declaration in `cairn-wire`, calls the node, and
//! writes the answer. Status codes are chosen in `<face>/error.rs` and nowhere else.

mod auth;
mod cause;
pub mod gateway;
pub mod hosts;
pub mod kubo;
pub mod listen;
mod parts;
mod stream;
mod trailer;

pub use kubo::Rpc;
