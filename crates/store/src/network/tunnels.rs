//! TCP connections through streams of peers.

use std::io;
use std::sync::Arc;

use cairn_primitives::keys::PeerId;
use cairn_primitives::multiaddr::Multiaddr;
use futures_util::future::BoxFuture;

use super::PeerAddresses;

/// Accepts connections and forwards them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TunnelListener {
    /// The protocol of the streams.
    pub protocol: String,
    /// Where it accepts connections: a local address, or `/p2p/` and this node.
    pub listen: Multiaddr,
    /// Where it forwards them to: `/p2p/` and a peer, or a local address.
    pub target: Multiaddr,
}

/// A connection that is being forwarded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tunnel {
    /// Its number.
    pub id: u64,
    /// The protocol of the stream.
    pub protocol: String,
    /// Where it comes from.
    pub origin: Multiaddr,
    /// Where it leads to.
    pub target: Multiaddr,
}

/// Which listeners are meant: those that agree with everything that is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TunnelFilter {
    /// The protocol.
    pub protocol: Option<String>,
    /// Where they accept connections.
    pub listen: Option<Multiaddr>,
    /// Where they forward connections to.
    pub target: Option<Multiaddr>,
}

impl TunnelFilter {
    /// Whether a listener is meant.
    #[must_use]
    pub fn matches(&self, listener: &TunnelListener) -> bool {
        self.protocol
            .as_ref()
            .is_none_or(|it| *it == listener.protocol)
            && self.listen.as_ref().is_none_or(|it| *it == listener.listen)
            && self.target.as_ref().is_none_or(|it| *it == listener.target)
    }
}

/// Why a listener cannot be made.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TunnelError {
    /// There is one with the same protocol, or the same address, already.
    #[error("a listener for {0} exists already")]
    Exists(String),
    /// There are as many as are allowed.
    #[error("there are {0} listeners already: close one first")]
    TooMany(usize),
    /// The name is not that of a protocol.
    #[error("{0:?} is not the name of a protocol, which begins with a slash")]
    Protocol(String),
    /// The address is not one of a TCP socket.
    #[error("{0} is not an address of the form /ip4/ADDRESS/tcp/PORT")]
    Address(Multiaddr),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: Multiaddr,
        /// Why.
        #[source]
        source: Arc<io::Error>,
    },
    /// The node stops.
    #[error("the network is closed")]
    Closed,
}

/// Forwards TCP connections through streams of peers.
pub trait Tunnels: Send + Sync {
    /// Forwards the streams of a protocol to a local address. With `report`, the peer's ID and a line feed precede the data.
    fn listen(&self, protocol: String, target: Multiaddr, report: bool) -> Result<(), TunnelError>;

    /// Forwards connections to a local address to a peer, through streams of the protocol.
    fn forward(
        &self,
        protocol: String,
        listen: Multiaddr,
        target: PeerAddresses,
    ) -> BoxFuture<'_, Result<(), TunnelError>>;

    /// The listeners: first those of local addresses.
    fn listeners(&self) -> Vec<TunnelListener>;

    /// Closes listeners, and returns their number. Open tunnels stay open.
    fn close(&self, filter: &TunnelFilter) -> usize;

    /// The open tunnels.
    fn open(&self) -> Vec<Tunnel>;

    /// Ends a tunnel, or all. Returns how many.
    fn end(&self, id: Option<u64>) -> usize;
}

/// IPNS over messages by topic.
pub trait NameTopics: Send + Sync {
    /// Names whose records this node subscribes to.
    fn names(&self) -> Vec<PeerId>;

    /// Ends the subscription of a name. Returns whether there was one.
    fn cancel(&self, name: &PeerId) -> bool;
}
