//! How the node finds and meets its peers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::config::idle::{Idle, Section};
use crate::config::words::{Flag, Priority, none};
use crate::config::{OptionalDuration, Size};

/// Connections to peers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct Swarm {
    /// Address ranges that are never dialled.
    pub addr_filters: Option<Vec<String>>,
    /// Whether bytes are not counted by peer.
    pub disable_bandwidth_metrics: bool,
    /// Whether the router is not asked for an open port.
    pub disable_nat_port_map: bool,
    /// Relays that carry this node's connections.
    pub relay_client: RelayClient,
    /// This node as a relay.
    pub relay_service: RelayService,
    /// Whether a relayed connection is made direct where it can be.
    #[serde(skip_serializing_if = "none")]
    pub enable_hole_punching: Flag,
    /// Protocols below.
    pub transports: Transports,
    /// How many connections are kept.
    pub conn_mgr: ConnMgr,
    /// What all connections may use.
    pub resource_mgr: ResourceMgr,
}

impl Section for Swarm {
    const IDLE: Idle = Idle::All;
}

/// Relays that carry this node's connections.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct RelayClient {
    /// Whether relays are used.
    #[serde(skip_serializing_if = "none")]
    pub enabled: Flag,
    /// These, rather than those that are found.
    #[serde(skip_serializing_if = "none")]
    pub static_relays: Option<Vec<String>>,
}

/// This node as a relay.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct RelayService {
    /// Whether it is one.
    #[serde(skip_serializing_if = "none")]
    pub enabled: Flag,
    /// How long a relayed connection lasts.
    #[serde(skip_serializing_if = "OptionalDuration::is_default")]
    pub connection_duration_limit: OptionalDuration,
    /// Bytes that it carries.
    #[serde(skip_serializing_if = "none")]
    pub connection_data_limit: Option<i64>,
    /// How long a reservation lasts.
    #[serde(
        rename = "ReservationTTL",
        skip_serializing_if = "OptionalDuration::is_default"
    )]
    pub reservation_ttl: OptionalDuration,
    /// Reservations at once.
    #[serde(skip_serializing_if = "none")]
    pub max_reservations: Option<i64>,
    /// Connections at once for a peer.
    #[serde(skip_serializing_if = "none")]
    pub max_circuits: Option<i64>,
    /// Bytes of the buffer of a connection.
    #[serde(skip_serializing_if = "none")]
    pub buffer_size: Option<i64>,
    /// Reservations at once for an address.
    #[serde(rename = "MaxReservationsPerIP", skip_serializing_if = "none")]
    pub max_reservations_per_ip: Option<i64>,
    /// Reservations at once for an autonomous system.
    #[serde(rename = "MaxReservationsPerASN", skip_serializing_if = "none")]
    pub max_reservations_per_asn: Option<i64>,
}

/// Protocols of connections.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct Transports {
    /// Of the network.
    pub network: NetworkTransports,
    /// Of encryption.
    pub security: SecurityTransports,
    /// Of streams.
    pub multiplexers: Multiplexers,
}

/// Which network protocols are used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct NetworkTransports {
    /// QUIC.
    #[serde(rename = "QUIC", skip_serializing_if = "none")]
    pub quic: Flag,
    /// TCP.
    #[serde(rename = "TCP", skip_serializing_if = "none")]
    pub tcp: Flag,
    /// WebSocket.
    #[serde(skip_serializing_if = "none")]
    pub websocket: Flag,
    /// Relays.
    #[serde(skip_serializing_if = "none")]
    pub relay: Flag,
    /// WebTransport.
    #[serde(skip_serializing_if = "none")]
    pub web_transport: Flag,
    /// WebRTC without signalling.
    #[serde(rename = "WebRTCDirect", skip_serializing_if = "none")]
    pub webrtc_direct: Flag,
}

/// Which encryption is preferred.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct SecurityTransports {
    /// TLS.
    #[serde(rename = "TLS", skip_serializing_if = "Priority::is_default")]
    pub tls: Priority,
    /// Noise.
    #[serde(skip_serializing_if = "Priority::is_default")]
    pub noise: Priority,
}

/// Which multiplexer is preferred.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct Multiplexers {
    /// Yamux.
    #[serde(skip_serializing_if = "Priority::is_default")]
    pub yamux: Priority,
}

/// How many connections are kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct ConnMgr {
    /// `basic` or `none`.
    #[serde(rename = "Type", skip_serializing_if = "none")]
    pub kind: Option<String>,
    /// Connections that stay when some are closed.
    #[serde(skip_serializing_if = "none")]
    pub low_water: Option<i64>,
    /// Connections from which some are closed.
    #[serde(skip_serializing_if = "none")]
    pub high_water: Option<i64>,
    /// How long a new connection is spared.
    #[serde(skip_serializing_if = "OptionalDuration::is_default")]
    pub grace_period: OptionalDuration,
    /// Time between two such rounds.
    #[serde(skip_serializing_if = "OptionalDuration::is_default")]
    pub silence_period: OptionalDuration,
}

/// What all connections may use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct ResourceMgr {
    /// Whether it is limited.
    #[serde(skip_serializing_if = "none")]
    pub enabled: Flag,
    /// Bytes of memory.
    #[serde(skip_serializing_if = "none")]
    pub max_memory: Option<Size>,
    /// Open files.
    #[serde(skip_serializing_if = "none")]
    pub max_file_descriptors: Option<i64>,
    /// Addresses without limits.
    #[serde(skip_serializing_if = "none")]
    pub allowlist: Option<Vec<String>>,
}

/// Finding out whether others reach this node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct AutoNat {
    /// Whether it helps others to find out.
    #[serde(skip_serializing_if = "none")]
    pub service_mode: Option<AutoNatMode>,
    /// How much.
    #[serde(skip_serializing_if = "none")]
    pub throttle: Option<AutoNatThrottle>,
}

impl Section for AutoNat {
    const IDLE: Idle = Idle::All;
}

/// How many checks are made for others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct AutoNatThrottle {
    /// In all.
    pub global_limit: i64,
    /// For a peer.
    pub peer_limit: i64,
    /// In this time.
    pub interval: OptionalDuration,
}

/// Certificates for browsers' connections.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct AutoTls {
    /// Whether one is asked for.
    #[serde(skip_serializing_if = "none")]
    pub enabled: Flag,
    /// Whether WebSocket listeners get it.
    #[serde(rename = "AutoWSS", skip_serializing_if = "none")]
    pub auto_wss: Flag,
    /// Whether the names' addresses are taken from the names.
    #[serde(rename = "SkipDNSLookup", skip_serializing_if = "none")]
    pub skip_dns_lookup: Flag,
    /// Domain of the names.
    #[serde(skip_serializing_if = "none")]
    pub domain_suffix: Option<String>,
    /// Who gives the names.
    #[serde(skip_serializing_if = "none")]
    pub registration_endpoint: Option<String>,
    /// What that one asks for.
    #[serde(skip_serializing_if = "none")]
    pub registration_token: Option<String>,
    /// How long a node waits before it asks.
    #[serde(skip_serializing_if = "OptionalDuration::is_default")]
    pub registration_delay: OptionalDuration,
    /// Who signs.
    #[serde(rename = "CAEndpoint", skip_serializing_if = "none")]
    pub ca_endpoint: Option<String>,
    /// Whether the announced addresses are short.
    #[serde(skip_serializing_if = "none")]
    pub short_addrs: Flag,
}

impl Section for AutoTls {
    const IDLE: Idle = Idle::All;
}

/// Network settings from a file that others keep.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct AutoConf {
    /// Where it is.
    #[serde(rename = "URL", skip_serializing_if = "none")]
    pub url: Option<String>,
    /// Whether it is read; what `auto` means elsewhere.
    #[serde(skip_serializing_if = "none")]
    pub enabled: Flag,
    /// Time between two looks.
    #[serde(skip_serializing_if = "OptionalDuration::is_default")]
    pub refresh_interval: OptionalDuration,
    /// Whether any certificate will do; for tests.
    #[serde(rename = "TLSInsecureSkipVerify", skip_serializing_if = "none")]
    pub tls_insecure_skip_verify: Flag,
}

impl Section for AutoConf {
    const IDLE: Idle = Idle::All;
}

/// Peers of the local network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct Discovery {
    /// By multicast DNS.
    #[serde(rename = "MDNS")]
    pub mdns: Mdns,
}

impl Section for Discovery {
    const IDLE: Idle = Idle::All;
}

/// Multicast DNS.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct Mdns {
    /// Whether it is used.
    pub enabled: bool,
}

/// Peers that are kept connected.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct Peering {
    /// Who.
    pub peers: Option<Vec<PeerAddresses>>,
}

impl Section for Peering {
    const IDLE: Idle = Idle::All;
}

/// One peer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct PeerAddresses {
    /// Its id.
    #[serde(rename = "ID")]
    pub id: String,
    /// Its addresses.
    pub addrs: Option<Vec<String>>,
}

/// Messages by topic.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct Pubsub {
    /// `gossipsub` (default) or `floodsub`.
    pub router: String,
    /// Whether messages are not signed.
    pub disable_signing: bool,
    /// Whether it is on.
    #[serde(skip_serializing_if = "none")]
    pub enabled: Flag,
    /// How long a message is remembered.
    #[serde(
        rename = "SeenMessagesTTL",
        skip_serializing_if = "OptionalDuration::is_default"
    )]
    pub seen_messages_ttl: OptionalDuration,
    /// `last-seen` or `first-seen`.
    #[serde(skip_serializing_if = "none")]
    pub seen_messages_strategy: Option<String>,
}

impl Section for Pubsub {
    const IDLE: Idle = Idle::All;
}

/// Name resolution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct Dns {
    /// Servers by domain, which ends in a dot: `https://…` for DNS over HTTPS, `udp://IP:PORT` or `tcp://IP:PORT`; `auto` for those
    /// of the system.
    pub resolvers: Option<BTreeMap<String, String>>,
    /// How long an answer is believed at most.
    #[serde(
        rename = "MaxCacheTTL",
        skip_serializing_if = "OptionalDuration::is_default"
    )]
    pub max_cache_ttl: OptionalDuration,
}

impl Section for Dns {
    const IDLE: Idle = Idle::None;
}

/// Names that keys own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct Ipns {
    /// Time between two publications, as a duration; empty for the default of 4 h.
    pub republish_period: String,
    /// How long a record is valid; empty for the default of 48 h.
    pub record_lifetime: String,
    /// Names that are remembered.
    pub resolve_cache_size: i64,
    /// How long an answer is believed at most.
    #[serde(
        rename = "MaxCacheTTL",
        skip_serializing_if = "OptionalDuration::is_default"
    )]
    pub max_cache_ttl: OptionalDuration,
    /// Whether names travel over pubsub.
    #[serde(skip_serializing_if = "none")]
    pub use_pubsub: Flag,
    /// URLs of servers that publish for this node; `auto` for those of [`AutoConf`].
    pub delegated_publishers: Option<Vec<String>>,
}

impl Section for Ipns {
    const IDLE: Idle = Idle::Keys(&[
        "RepublishPeriod",
        "RecordLifetime",
        "UsePubsub",
        "DelegatedPublishers",
    ]);
}

impl Default for Ipns {
    fn default() -> Self {
        Self {
            republish_period: Default::default(),
            record_lifetime: Default::default(),
            resolve_cache_size: 128,
            max_cache_ttl: Default::default(),
            use_pubsub: Default::default(),
            delegated_publishers: Default::default(),
        }
    }
}

/// Whether the node helps others to find out whether they can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AutoNatMode {
    /// The default.
    #[serde(rename = "")]
    Unset,
    /// It does.
    Enabled,
    /// It does not.
    Disabled,
    /// It does in the first version of the protocol only.
    LegacyV1,
}
