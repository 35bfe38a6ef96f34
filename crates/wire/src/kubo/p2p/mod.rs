//! Tunnels through connections to peers.

pub mod close;
pub mod forward;
pub mod listen;
pub mod ls;
pub mod stream;
