//! Peers: discovery and connections.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::config::OptionalDuration;
use crate::config::unused::{Section, UnusedKeys};
use crate::config::values::{Flag, none};

/// AutoNAT: whether the node can be reached.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct AutoNat {
    /// Whether it runs the AutoNAT service.
    #[serde(skip_serializing_if = "none")]
    pub service_mode: Option<AutoNatMode>,
    /// How much.
    #[serde(skip_serializing_if = "none")]
    pub throttle: Option<AutoNatThrottle>,
}

impl Section for AutoNat {
    const UNUSED: UnusedKeys = UnusedKeys::None;
}

/// Limits of the AutoNAT service.
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

/// AutoTLS: certificates for connections from browsers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct AutoTls {
    /// Whether it is enabled.
    #[serde(skip_serializing_if = "none")]
    pub enabled: Flag,
    /// Whether WebSocket listeners use it.
    #[serde(rename = "AutoWSS", skip_serializing_if = "none")]
    pub auto_wss: Flag,
    /// Whether addresses are derived from names without DNS queries.
    #[serde(rename = "SkipDNSLookup", skip_serializing_if = "none")]
    pub skip_dns_lookup: Flag,
    /// Domain suffix of the names.
    #[serde(skip_serializing_if = "none")]
    pub domain_suffix: Option<String>,
    /// Registration endpoint.
    #[serde(skip_serializing_if = "none")]
    pub registration_endpoint: Option<String>,
    /// Registration token.
    #[serde(skip_serializing_if = "none")]
    pub registration_token: Option<String>,
    /// Delay before the registration.
    #[serde(skip_serializing_if = "OptionalDuration::is_default")]
    pub registration_delay: OptionalDuration,
    /// Who signs.
    #[serde(rename = "CAEndpoint", skip_serializing_if = "none")]
    pub ca_endpoint: Option<String>,
    /// Whether the announced addresses are shortened.
    #[serde(skip_serializing_if = "none")]
    pub short_addrs: Flag,
}

impl Section for AutoTls {
    const UNUSED: UnusedKeys = UnusedKeys::All;
}

/// AutoConf: network settings from a published file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct AutoConf {
    /// Where it is.
    #[serde(rename = "URL", skip_serializing_if = "none")]
    pub url: Option<String>,
    /// Whether it is enabled; resolves `auto` in other settings.
    #[serde(skip_serializing_if = "none")]
    pub enabled: Flag,
    /// Interval of updates.
    #[serde(skip_serializing_if = "OptionalDuration::is_default")]
    pub refresh_interval: OptionalDuration,
    /// Whether certificates are not verified; for tests.
    #[serde(rename = "TLSInsecureSkipVerify", skip_serializing_if = "none")]
    pub tls_insecure_skip_verify: Flag,
}

impl Section for AutoConf {
    const UNUSED: UnusedKeys =
        UnusedKeys::Keys(&["URL", "RefreshInterval", "TLSInsecureSkipVerify"]);
}

/// Discovery of peers in the local network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct Discovery {
    /// Multicast DNS.
    #[serde(rename = "MDNS")]
    pub mdns: Mdns,
}

impl Section for Discovery {
    const UNUSED: UnusedKeys = UnusedKeys::None;
}

/// Multicast DNS.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct Mdns {
    /// Whether it is enabled.
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
    const UNUSED: UnusedKeys = UnusedKeys::None;
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

/// PubSub.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct Pubsub {
    /// `gossipsub` (default) or `floodsub`.
    pub router: String,
    /// Whether signing is disabled.
    pub disable_signing: bool,
    /// Whether it is enabled.
    #[serde(skip_serializing_if = "none")]
    pub enabled: Flag,
    /// How long seen messages are remembered.
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
    const UNUSED: UnusedKeys = UnusedKeys::Keys(&["DisableSigning", "SeenMessagesStrategy"]);
}

/// Name resolution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct Dns {
    /// Servers by domain, which ends in a dot: `https://…` for DNS over HTTPS, `udp://IP:PORT` or `tcp://IP:PORT`; `auto` for those
    /// of the system.
    pub resolvers: Option<BTreeMap<String, String>>,
    /// Maximum time for which an answer is cached.
    #[serde(
        rename = "MaxCacheTTL",
        skip_serializing_if = "OptionalDuration::is_default"
    )]
    pub max_cache_ttl: OptionalDuration,
}

impl Section for Dns {
    const UNUSED: UnusedKeys = UnusedKeys::None;
}

/// IPNS.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct Ipns {
    /// Interval of republishing, as a duration; empty for the default of 4 h.
    pub republish_period: String,
    /// Lifetime of records; empty for the default of 48 h.
    pub record_lifetime: String,
    /// Size of the resolve cache.
    pub resolve_cache_size: i64,
    /// Maximum time for which an answer is cached.
    #[serde(
        rename = "MaxCacheTTL",
        skip_serializing_if = "OptionalDuration::is_default"
    )]
    pub max_cache_ttl: OptionalDuration,
    /// Whether IPNS over PubSub is enabled.
    #[serde(skip_serializing_if = "none")]
    pub use_pubsub: Flag,
    /// URLs of delegated publishers; `auto` for those of [`AutoConf`].
    pub delegated_publishers: Option<Vec<String>>,
}

impl Section for Ipns {
    const UNUSED: UnusedKeys = UnusedKeys::None;
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

/// Mode of the AutoNAT service.
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
    /// Only version 1 of the protocol.
    LegacyV1,
}
