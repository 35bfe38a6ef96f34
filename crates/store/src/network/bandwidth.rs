//! Bytes on connections.

use cairn_primitives::keys::PeerId;

/// Bytes, and bytes in a second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Traffic {
    /// Bytes received since the node was started.
    pub received: u64,
    /// Bytes sent since the node was started.
    pub sent: u64,
    /// Bytes received in a second.
    pub received_rate: f64,
    /// Bytes sent in a second.
    pub sent_rate: f64,
}

/// Counts bytes.
pub trait Bandwidth: Send + Sync {
    /// On all connections.
    fn total(&self) -> Traffic;

    /// On the connections of a peer.
    fn of_peer(&self, peer: &PeerId) -> Traffic;

    /// On the streams of a protocol.
    fn of_protocol(&self, protocol: &str) -> Traffic;
}
