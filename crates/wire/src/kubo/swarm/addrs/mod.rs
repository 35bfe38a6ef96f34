//! Addresses of this node and of its peers.

pub mod autonat;
pub mod known;
pub mod listen;
pub mod local;
