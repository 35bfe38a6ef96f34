//! Connections to peers.

pub mod addrs;
pub mod connect;
pub mod disconnect;
pub mod filters;
pub mod peering;
pub mod peers;
pub mod resources;
