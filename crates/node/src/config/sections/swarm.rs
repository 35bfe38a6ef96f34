//! The node's connections to its peers.

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
