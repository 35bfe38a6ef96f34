//! `swarm`: connections to peers.

mod addrs;
mod connect;
mod filters;
mod peering;
mod peers;
mod resources;
