//! Connections to peers.

use std::collections::BTreeMap;
use std::time::Duration;

use cairn_primitives::keys::PeerId;
use cairn_primitives::multiaddr::Multiaddr;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;

use super::NetworkError;

/// Addresses by peer.
pub type KnownPeers = BTreeMap<PeerId, Vec<Multiaddr>>;

/// Round-trip times, one after another, until dropped. An error is one ping that failed; others follow.
pub type RoundTrips = BoxStream<'static, Result<Duration, NetworkError>>;

/// A peer and where it may be reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerAddresses {
    /// The peer.
    pub peer: PeerId,
    /// Addresses without the peer ID.
    pub addresses: Vec<Multiaddr>,
}

/// Which side opened a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The peer did.
    Inbound,
    /// This node did.
    Outbound,
}

/// An open connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// The peer.
    pub peer: PeerId,
    /// The peer's address.
    pub address: Multiaddr,
    /// Which side opened it.
    pub direction: Direction,
    /// Round-trip time, where it was measured.
    pub latency: Option<Duration>,
    /// Protocols of the open streams.
    pub streams: Vec<String>,
}

/// The identity that a peer reports.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PeerIdentity {
    /// Its public key in libp2p's encoding, where it is known.
    pub public_key: Option<Vec<u8>>,
    /// Addresses without the peer ID.
    pub addresses: Vec<Multiaddr>,
    /// The program.
    pub agent: String,
    /// Protocols that it speaks.
    pub protocols: Vec<String>,
}

/// Whether others reach this node from the internet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reachability {
    /// It was not found out.
    #[default]
    Unknown,
    /// They do.
    Public,
    /// They do not.
    Private,
}

/// Whether each address of this node can be reached from the internet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReachableAddresses {
    /// All in all.
    pub status: Reachability,
    /// Addresses that can be reached.
    pub reachable: Vec<Multiaddr>,
    /// Addresses that cannot be reached.
    pub unreachable: Vec<Multiaddr>,
    /// Addresses that were not tested.
    pub unknown: Vec<Multiaddr>,
}

/// What connections are accounted to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// The whole node.
    System,
    /// Resources that are not yet attributed to a peer.
    Transient,
    /// A service.
    Service(String),
    /// A protocol.
    Protocol(String),
    /// A peer.
    Peer(PeerId),
}

/// Counts of one scope, or its limits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ResourceUsage {
    /// Connections that peers opened.
    pub inbound_connections: u64,
    /// Connections that this node opened.
    pub outbound_connections: u64,
    /// Streams that peers opened.
    pub inbound_streams: u64,
    /// Streams that this node opened.
    pub outbound_streams: u64,
    /// Sockets.
    pub sockets: u64,
    /// Bytes of memory.
    pub memory: u64,
}

/// What one scope uses and may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceScope {
    /// Which one.
    pub scope: Scope,
    /// What it uses.
    pub usage: ResourceUsage,
    /// What it may use; `None` without a limit of its own.
    pub limit: Option<ResourceUsage>,
}

/// Opens, lists and closes connections.
pub trait Swarm: Send + Sync {
    /// Open connections.
    fn connections(&self) -> Vec<Connection>;

    /// The identity that a peer reported.
    fn identity(&self, peer: &PeerId) -> Option<PeerIdentity>;

    /// Peers and their addresses, as far as any are known.
    fn known(&self) -> KnownPeers;

    /// Addresses that are announced.
    fn announced(&self) -> Vec<Multiaddr>;

    /// Addresses that are listened on.
    fn listening(&self) -> Vec<Multiaddr>;

    /// Whether the addresses can be reached from the internet.
    fn reachability(&self) -> ReachableAddresses;

    /// Resolves the peers of an address without a peer ID, such as `/dnsaddr/HOST`.
    fn resolve<'a>(
        &'a self,
        address: &'a Multiaddr,
    ) -> BoxFuture<'a, Result<Vec<PeerAddresses>, NetworkError>>;

    /// Connects to a peer, unless a connection is open.
    fn connect(&self, peer: PeerAddresses) -> BoxFuture<'_, Result<(), NetworkError>>;

    /// As [`Swarm::connect`], at these addresses alone: other known ones are not tried, and none are looked up. Names in
    /// the addresses are resolved again when they are dialed.
    fn connect_only(&self, peer: PeerAddresses) -> BoxFuture<'_, Result<(), NetworkError>>;

    /// Closes the connection with this address, or all of the peer where there is none.
    fn disconnect<'a>(
        &'a self,
        peer: &'a PeerId,
        address: Option<&'a Multiaddr>,
    ) -> BoxFuture<'a, Result<(), NetworkError>>;

    /// Measures round-trip times.
    fn ping(&self, peer: PeerId) -> RoundTrips;

    /// Address ranges to which nothing connects, as `/ip4/192.168.0.0/ipcidr/16`.
    fn filters(&self) -> Vec<Multiaddr>;

    /// Changes those ranges.
    fn set_filters(&self, filters: Vec<Multiaddr>);

    /// Peers to which a connection is kept.
    fn peerings(&self) -> Vec<PeerAddresses>;

    /// Keeps a connection to a peer.
    fn add_peering(&self, peer: PeerAddresses);

    /// Stops keeping a connection to a peer.
    fn remove_peering(&self, peer: &PeerId);

    /// What connections use, by scope; `None` when it is not accounted.
    fn resources(&self) -> Option<Vec<ResourceScope>>;
}
