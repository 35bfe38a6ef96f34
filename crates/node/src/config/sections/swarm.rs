//! Connections to peers.

use serde::{Deserialize, Serialize};

use crate::config::unused::{Section, UnusedKeys};
use crate::config::values::{Flag, Priority, none};
use crate::config::{OptionalDuration, Size};

/// Connections to peers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct Swarm {
    /// Address ranges that are never dialed.
    pub addr_filters: Option<Vec<String>>,
    /// Whether bandwidth metrics are disabled.
    pub disable_bandwidth_metrics: bool,
    /// Whether NAT port mapping is disabled.
    pub disable_nat_port_map: bool,
    /// Relays used by this node.
    pub relay_client: RelayClient,
    /// This node's relay service.
    pub relay_service: RelayService,
    /// Whether hole punching is enabled.
    #[serde(skip_serializing_if = "none")]
    pub enable_hole_punching: Flag,
    /// Transport protocols.
    pub transports: Transports,
    /// The connection manager.
    pub conn_mgr: ConnMgr,
    /// The resource manager.
    pub resource_mgr: ResourceMgr,
}

impl Section for Swarm {
    const UNUSED: UnusedKeys = UnusedKeys::Keys(&[
        "RelayService.BufferSize",
        "RelayService.MaxReservationsPerIP",
        "RelayService.MaxReservationsPerASN",
        "Transports.Network.WebTransport",
        "Transports.Network.WebRTCDirect",
    ]);
}

/// Relays used by this node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct RelayClient {
    /// Whether relays are used.
    #[serde(skip_serializing_if = "none")]
    pub enabled: Flag,
    /// Static relays instead of discovered ones.
    #[serde(skip_serializing_if = "none")]
    pub static_relays: Option<Vec<String>>,
}

/// This node's relay service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct RelayService {
    /// Whether it is enabled.
    #[serde(skip_serializing_if = "none")]
    pub enabled: Flag,
    /// Maximum duration of a relayed connection.
    #[serde(skip_serializing_if = "OptionalDuration::is_default")]
    pub connection_duration_limit: OptionalDuration,
    /// Maximum number of bytes of a relayed connection.
    #[serde(skip_serializing_if = "none")]
    pub connection_data_limit: Option<i64>,
    /// Duration of a reservation.
    #[serde(
        rename = "ReservationTTL",
        skip_serializing_if = "OptionalDuration::is_default"
    )]
    pub reservation_ttl: OptionalDuration,
    /// Maximum number of reservations.
    #[serde(skip_serializing_if = "none")]
    pub max_reservations: Option<i64>,
    /// Maximum number of connections per peer.
    #[serde(skip_serializing_if = "none")]
    pub max_circuits: Option<i64>,
    /// Buffer size of a connection, in bytes.
    #[serde(skip_serializing_if = "none")]
    pub buffer_size: Option<i64>,
    /// Maximum number of reservations per IP address.
    #[serde(rename = "MaxReservationsPerIP", skip_serializing_if = "none")]
    pub max_reservations_per_ip: Option<i64>,
    /// Maximum number of reservations per autonomous system.
    #[serde(rename = "MaxReservationsPerASN", skip_serializing_if = "none")]
    pub max_reservations_per_asn: Option<i64>,
}

/// Transport protocols.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct Transports {
    /// Network transports.
    pub network: NetworkTransports,
    /// Of encryption.
    pub security: SecurityTransports,
    /// Of streams.
    pub multiplexers: Multiplexers,
}

/// The enabled network transports.
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
    /// WebRTC Direct.
    #[serde(rename = "WebRTCDirect", skip_serializing_if = "none")]
    pub webrtc_direct: Flag,
}

/// Priorities of security protocols.
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

/// Priorities of stream multiplexers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct Multiplexers {
    /// Yamux.
    #[serde(skip_serializing_if = "Priority::is_default")]
    pub yamux: Priority,
}

/// The connection manager.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct ConnMgr {
    /// `basic` or `none`.
    #[serde(rename = "Type", skip_serializing_if = "none")]
    pub kind: Option<String>,
    /// Low water: connections kept when trimming.
    #[serde(skip_serializing_if = "none")]
    pub low_water: Option<i64>,
    /// High water: connections above which some are closed.
    #[serde(skip_serializing_if = "none")]
    pub high_water: Option<i64>,
    /// Grace period of new connections.
    #[serde(skip_serializing_if = "OptionalDuration::is_default")]
    pub grace_period: OptionalDuration,
    /// Interval between trims.
    #[serde(skip_serializing_if = "OptionalDuration::is_default")]
    pub silence_period: OptionalDuration,
}

/// The resource manager.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct ResourceMgr {
    /// Whether it is enabled.
    #[serde(skip_serializing_if = "none")]
    pub enabled: Flag,
    /// Memory limit in bytes.
    #[serde(skip_serializing_if = "none")]
    pub max_memory: Option<Size>,
    /// Open files.
    #[serde(skip_serializing_if = "none")]
    pub max_file_descriptors: Option<i64>,
    /// Addresses without limits (allowlist).
    #[serde(skip_serializing_if = "none")]
    pub allowlist: Option<Vec<String>>,
}
