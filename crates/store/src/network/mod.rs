//! Peers: the seam between the commands of a node and whatever connects it.
//!
//! A node without peers has no [`Network`]. Otherwise commands use one trait for each part:
//! [`Swarm`], [`Routing`], [`PubSub`], [`BlockExchange`] and [`Bandwidth`]; names publish and find their records through [`Records`]. Lists are snapshots; what a stream holds back for
//! a slow reader is bounded by its implementation, and dropping a stream or future cancels it.

mod bandwidth;
mod bitswap;
mod pubsub;
mod records;
mod routing;
mod swarm;
mod tunnels;

use std::error::Error;
use std::sync::Arc;

pub use bandwidth::{Bandwidth, Traffic};
pub use bitswap::{BlockExchange, ExchangeStat, Ledger};
pub use pubsub::{Message, Messages, PubSub};
pub use records::{Records, RecordsError};
pub use routing::{
    AnnouncedContent, Announcements, Bucket, QueryEvent, QueryEvents, QueryStep, Routing,
    RoutingTable, TablePeer,
};
pub use swarm::{
    Connection, Direction, KnownPeers, PeerAddresses, PeerIdentity, Reachability,
    ReachableAddresses, ResourceScope, ResourceUsage, RoundTrips, Scope, Swarm,
};
pub use tunnels::{NameTopics, Tunnel, TunnelError, TunnelFilter, TunnelListener, Tunnels};

/// What connects a node to its peers.
pub trait Network: Send + Sync + 'static {
    /// Connections.
    fn swarm(&self) -> &dyn Swarm;

    /// Finding peers, providers and records.
    fn routing(&self) -> &dyn Routing;

    /// Statistics of the exchange of blocks.
    fn exchange(&self) -> &dyn BlockExchange;

    /// Messages by topic; `None` when they are turned off.
    fn pubsub(&self) -> Option<&dyn PubSub>;

    /// Bytes on connections; `None` when they are not counted.
    fn bandwidth(&self) -> Option<&dyn Bandwidth>;

    /// TCP connections through streams of peers; `None` when they are turned off.
    fn tunnels(&self) -> Option<&dyn Tunnels> {
        None
    }

    /// IPNS over messages by topic; `None` when it is turned off.
    fn name_topics(&self) -> Option<&dyn NameTopics> {
        None
    }
}

/// Why a request to a peer failed.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkError {
    /// No connection to the peer is open.
    #[error("not connected")]
    NotConnected,
    /// No connection has this address.
    #[error("no connection with this address is open")]
    NoSuchConnection,
    /// The lookup found nothing.
    #[error("not found")]
    NotFound,
    /// No peer is connected, so there is none to query.
    #[error("no peer is connected")]
    NoPeers,
    /// The implementation has no such part.
    #[error("{0} is not available")]
    Unavailable(&'static str),
    /// Every attempt to connect failed.
    #[error("cannot connect")]
    Dial(#[source] Arc<dyn Error + Send + Sync>),
    /// The lookup or exchange failed.
    #[error("{action} failed")]
    Failed {
        /// What was being done.
        action: &'static str,
        /// Why.
        #[source]
        source: Arc<dyn Error + Send + Sync>,
    },
    /// The node stops.
    #[error("the network is closed")]
    Closed,
}
