//! Open tunnels.

pub mod close;
pub mod ls;
