//! Streams of protocols that are named while the node runs: TCP connections through peers, and small exchanges of one request.
//!
//! [`new`] makes a [`Behaviour`] for the swarm and a [`Streams`], by which other parts open and accept streams. [`TcpTunnels`]
//! forwards connections through them (`p2p/listen` and `p2p/forward`).

mod address;
mod behaviour;
mod copy;
mod handle;
mod handler;
#[cfg(test)]
mod tests;
mod tunnels;

pub use behaviour::{Behaviour, new};
pub use handle::{AcceptError, Incoming, OpenError, Streams};
pub use tunnels::TcpTunnels;

/// Bounds of streams.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// Most protocols that are accepted at the same time. Further ones are refused.
    pub max_protocols: usize,
    /// Most streams of a protocol that wait to be taken. Further ones are reset.
    pub max_waiting: usize,
    /// Most streams that are being opened. Further callers wait.
    pub max_opening: usize,
    /// Most listeners of [`TcpTunnels`]. Further ones are refused.
    pub max_listeners: usize,
    /// Most open tunnels of [`TcpTunnels`]. Further connections and streams are closed at once.
    pub max_tunnels: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_protocols: 128,
            max_waiting: 16,
            max_opening: 128,
            max_listeners: 128,
            max_tunnels: 1024,
        }
    }
}
