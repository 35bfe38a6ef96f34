//! Statistics of the node.

pub mod bw;
pub mod dht;
