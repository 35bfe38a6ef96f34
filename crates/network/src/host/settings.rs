//! Settings of a host. [`Settings::new`] has Kubo's defaults, except where a field says otherwise.

use std::time::Duration;

use cairn_primitives::Multiaddr;
use cairn_store::network::PeerAddresses;
use libp2p::identity::Keypair;

use super::swarm_key::SwarmKey;

/// The private key cannot be used.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the private key of the node cannot be used for connections: {0}")]
pub struct IdentityError(String);

/// Settings of a host.
#[derive(Clone)]
#[non_exhaustive]
pub struct Settings {
    /// The key of the node.
    pub(super) identity: Keypair,
    /// The program as peers see it.
    pub agent: String,
    /// Addresses to listen on (`Addresses.Swarm`). Addresses of a transport that does not exist here (WebTransport, WebRTC) or that is
    /// turned off are skipped with a warning.
    pub listen: Vec<Multiaddr>,
    /// Addresses to announce in place of those that are listened on or observed (`Addresses.Announce`).
    pub announce: Vec<Multiaddr>,
    /// Addresses to announce besides (`Addresses.AppendAnnounce`).
    pub append_announce: Vec<Multiaddr>,
    /// Addresses and ranges that are never announced (`Addresses.NoAnnounce`).
    pub no_announce: Vec<Multiaddr>,
    /// The transports.
    pub transports: Transports,
    /// Ranges to and from which nothing connects (`Swarm.AddrFilters`).
    pub filters: Vec<Multiaddr>,
    /// How many connections are kept.
    pub connections: Connections,
    /// Limits that protect the node.
    pub limits: Limits,
    /// Whether bytes are counted by peer and protocol.
    pub count_bandwidth: bool,
    /// Whether peers of the local network are discovered by multicast DNS.
    pub mdns: bool,
    /// The key of a private network: only peers with the same key connect, and only by TCP and WebSocket.
    pub swarm_key: Option<SwarmKey>,
    /// Refuse to start without [`Settings::swarm_key`] (`LIBP2P_FORCE_PNET`).
    pub force_private: bool,
    /// Peers to which a node without connections connects. Each ends in a peer ID.
    pub bootstrap: Vec<Multiaddr>,
    /// Peers to which a connection is kept.
    pub peering: Vec<PeerAddresses>,
    /// Whether the router of the local network is asked to forward the ports that are listened on (UPnP).
    pub map_ports: bool,
    /// Relays.
    pub relay: Relay,
    /// Finding out whether others reach this node.
    pub auto_nat: AutoNat,
    /// The certificate of secure WebSocket listeners.
    pub wss: Option<WssCertificate>,
    /// Certificates, DER, that are trusted when secure WebSocket is dialed, besides the public authorities.
    pub trusted: Vec<Vec<u8>>,
}

impl Settings {
    /// Kubo's defaults, without addresses to listen on and without bootstrap peers.
    ///
    /// `key` is the private key in libp2p's encoding, as in the configuration.
    ///
    /// # Errors
    /// If it is no such key.
    pub fn new(key: &[u8]) -> Result<Self, IdentityError> {
        let identity = Keypair::from_protobuf_encoding(key)
            .map_err(|error| IdentityError(error.to_string()))?;
        Ok(Self {
            identity,
            agent: concat!("cairn/", env!("CARGO_PKG_VERSION")).to_owned(),
            listen: Vec::new(),
            announce: Vec::new(),
            append_announce: Vec::new(),
            no_announce: Vec::new(),
            transports: Transports::default(),
            filters: Vec::new(),
            connections: Connections::default(),
            limits: Limits::default(),
            count_bandwidth: true,
            mdns: false,
            swarm_key: None,
            force_private: false,
            bootstrap: Vec::new(),
            peering: Vec::new(),
            map_ports: false,
            relay: Relay::default(),
            auto_nat: AutoNat::default(),
            wss: None,
            trusted: Vec::new(),
        })
    }
}

impl Settings {
    /// The peer ID of the node.
    #[must_use]
    pub fn local(&self) -> libp2p::PeerId {
        self.identity.public().to_peer_id()
    }

    /// The key of the node, for the modules that sign.
    #[must_use]
    pub fn key(&self) -> &Keypair {
        &self.identity
    }
}

impl std::fmt::Debug for Settings {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Settings")
            .field("peer", &self.identity.public().to_peer_id())
            .field("listen", &self.listen)
            .finish_non_exhaustive()
    }
}

/// Transports, on or off, and the order of the encryptions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transports {
    /// TCP.
    pub tcp: bool,
    /// QUIC. Off in private networks.
    pub quic: bool,
    /// WebSocket, plain and secure.
    pub websocket: bool,
    /// Through relays.
    pub relay: bool,
    /// The priority of TLS; the lower one is tried first. `None` turns it off.
    pub tls: Option<u64>,
    /// The priority of Noise.
    pub noise: Option<u64>,
}

impl Default for Transports {
    fn default() -> Self {
        Self {
            tcp: true,
            quic: true,
            websocket: true,
            relay: true,
            tls: Some(100),
            noise: Some(200),
        }
    }
}

/// How many connections are kept (`Swarm.ConnMgr`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connections {
    /// Whether connections are trimmed at all.
    pub trim: bool,
    /// How many remain after trimming.
    pub low: usize,
    /// Above how many connections some are closed.
    pub high: usize,
    /// How long a new connection is safe.
    pub grace: Duration,
    /// Time between two checks.
    pub interval: Duration,
}

impl Default for Connections {
    fn default() -> Self {
        Self {
            trim: true,
            low: 32,
            high: 96,
            grace: Duration::from_secs(20),
            interval: Duration::from_secs(10),
        }
    }
}

/// Limits that protect the node. A connection or stream above one of them is refused; those that are open stay.
///
/// With these, a hostile peer can occupy at most `per_peer` connections with `streams` streams each, of which each holds at most 256 KiB
/// that nobody reads, by yamux's initial window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Whether there are any.
    pub enabled: bool,
    /// Connections that peers opened.
    pub inbound: u32,
    /// Connections that this node opened.
    pub outbound: u32,
    /// Both.
    pub total: u32,
    /// Connections with one peer.
    pub per_peer: u32,
    /// Connections that peers are opening.
    pub pending_inbound: u32,
    /// Connections that this node is opening.
    pub pending_outbound: u32,
    /// Streams that the peer opened on one connection.
    pub streams: usize,
    /// Memory of the process in bytes, above which no connection is accepted; `None` for no limit.
    pub memory: Option<usize>,
    /// How long a peer may take until an inbound connection is encrypted and multiplexed.
    pub handshake: Duration,
    /// The same for an outbound connection.
    pub dial: Duration,
    /// Addresses and ranges, also with a peer ID, to which the limits do not apply (`Swarm.ResourceMgr.Allowlist`). Only entries with a
    /// peer ID lift the limits of connections.
    pub allow: Vec<Multiaddr>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            enabled: true,
            inbound: 1_024,
            outbound: 1_024,
            total: 2_048,
            per_peer: 8,
            pending_inbound: 256,
            pending_outbound: 256,
            streams: 256,
            memory: None,
            handshake: Duration::from_secs(15),
            dial: Duration::from_secs(30),
            allow: Vec::new(),
        }
    }
}

/// Relays.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relay {
    /// Whether this node may be reached through relays.
    pub client: bool,
    /// Relays to use. Each ends in a peer ID. Without any, up to two connected peers that are relays are used, while others cannot reach
    /// this node.
    pub relays: Vec<Multiaddr>,
    /// Whether relayed connections are replaced by direct ones where possible (DCUtR).
    pub hole_punching: bool,
    /// This node as a relay for others. Off by default, unlike in Kubo, where a node with public addresses relays within limits.
    pub serve: Option<RelayService>,
}

impl Default for Relay {
    fn default() -> Self {
        Self {
            client: true,
            relays: Vec::new(),
            hole_punching: true,
            serve: None,
        }
    }
}

/// Limits of this node as a relay (`Swarm.RelayService`). A request above them is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelayService {
    /// How long a relayed connection may be open.
    pub duration: Duration,
    /// Bytes that it may transfer in each direction.
    pub bytes: u64,
    /// How long a reservation is valid.
    pub reservation: Duration,
    /// Reservations of all peers.
    pub reservations: usize,
    /// Relayed connections with one peer; for all peers it is four times as many.
    pub circuits: usize,
}

impl Default for RelayService {
    fn default() -> Self {
        Self {
            duration: Duration::from_secs(120),
            bytes: 1 << 17,
            reservation: Duration::from_secs(3_600),
            reservations: 128,
            circuits: 16,
        }
    }
}

/// Finding out whether others reach this node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AutoNat {
    /// Whether this node tests the addresses of others. Off, unlike in Kubo.
    pub serve: bool,
    /// How many tests it makes for others.
    pub throttle: Throttle,
    /// What is assumed without tests.
    pub assume: Option<bool>,
}

/// Limits of tests for others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Throttle {
    /// For all peers.
    pub global: usize,
    /// For one peer.
    pub per_peer: usize,
    /// In this time.
    pub interval: Duration,
}

impl Default for Throttle {
    fn default() -> Self {
        Self {
            global: 30,
            per_peer: 3,
            interval: Duration::from_secs(60),
        }
    }
}

/// The certificate of secure WebSocket listeners.
#[derive(Clone)]
pub struct WssCertificate {
    /// The certificates, DER, the node's own one first.
    pub chain: Vec<Vec<u8>>,
    /// The private key, DER of PKCS#8, PKCS#1 or SEC1.
    pub key: Vec<u8>,
}

impl std::fmt::Debug for WssCertificate {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("WssCertificate")
            .field("certificates", &self.chain.len())
            .finish_non_exhaustive()
    }
}
