//! How the node finds and meets its peers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::config::OptionalDuration;
use crate::config::idle::{Idle, Section};
use crate::config::words::{Flag, none};

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
    /// URLs of DNS-over-HTTPS resolvers by domain; `auto` for those of [`AutoConf`].
    pub resolvers: Option<BTreeMap<String, String>>,
    /// How long an answer is believed at most.
    #[serde(
        rename = "MaxCacheTTL",
        skip_serializing_if = "OptionalDuration::is_default"
    )]
    pub max_cache_ttl: OptionalDuration,
}

impl Section for Dns {
    const IDLE: Idle = Idle::All;
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
    const IDLE: Idle = Idle::All;
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
