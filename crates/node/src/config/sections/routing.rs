//! Routing, announcements and exchange of content.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::config::OptionalDuration;
use crate::config::unused::{Section, UnusedKeys};
use crate::config::values::{Flag, none};

/// Routing: how content and peers are found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct Routing {
    /// `auto`, `autoclient`, `dht`, `dhtclient`, `dhtserver`, `delegated`, `none` or `custom`.
    #[serde(rename = "Type", skip_serializing_if = "none")]
    pub kind: Option<String>,
    /// Whether the accelerated DHT client is used.
    #[serde(rename = "AcceleratedDHTClient", skip_serializing_if = "none")]
    pub accelerated_dht_client: Flag,
    /// Whether loopback addresses are allowed in the LAN DHT.
    #[serde(rename = "LoopbackAddressesOnLanDHT", skip_serializing_if = "none")]
    pub loopback_addresses_on_lan_dht: Flag,
    /// Peers that are ignored as providers.
    #[serde(skip_serializing_if = "none")]
    pub ignore_providers: Option<Vec<String>>,
    /// URLs of delegated routers (`/routing/v1`); `auto` for those of [`AutoConf`].
    pub delegated_routers: Option<Vec<String>>,
    /// Routers of the type `custom`.
    #[serde(skip_serializing_if = "none")]
    pub routers: Option<BTreeMap<String, Router>>,
    /// The router of each method.
    #[serde(skip_serializing_if = "none")]
    pub methods: Option<BTreeMap<String, Value>>,
}

impl Section for Routing {
    const UNUSED: UnusedKeys = UnusedKeys::Keys(&["AcceleratedDHTClient"]);
}

/// A router of the type `custom`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct Router {
    /// `http`, `dht`, `sequential` or `parallel`.
    #[serde(rename = "Type")]
    pub kind: String,
    /// Parameters of that type.
    pub parameters: Option<Value>,
}

/// Announcements of content.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct Provide {
    /// Whether it is enabled.
    #[serde(skip_serializing_if = "none")]
    pub enabled: Flag,
    /// `all`, `pinned`, `roots`, `mfs`, or combinations such as `pinned+mfs`.
    #[serde(skip_serializing_if = "none")]
    pub strategy: Option<String>,
    /// False positive rate of the filter of duplicates, as one in this many.
    #[serde(rename = "BloomFPRate", skip_serializing_if = "none")]
    pub bloom_fp_rate: Option<i64>,
    /// To the DHT.
    #[serde(rename = "DHT")]
    pub dht: ProvideDht,
}

impl Section for Provide {
    const UNUSED: UnusedKeys = UnusedKeys::Keys(&[
        "BloomFPRate",
        "DHT.SweepEnabled",
        "DHT.DedicatedPeriodicWorkers",
        "DHT.DedicatedBurstWorkers",
        "DHT.MaxProvideConnsPerWorker",
        "DHT.KeystoreBatchSize",
        "DHT.OfflineDelay",
        "DHT.SendProviderRecordTimeout",
        "DHT.ResumeEnabled",
    ]);
}

/// Announcements in the DHT.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct ProvideDht {
    /// Interval of repeated announcements; 0 disables them.
    #[serde(skip_serializing_if = "OptionalDuration::is_default")]
    pub interval: OptionalDuration,
    /// Workers.
    #[serde(skip_serializing_if = "none")]
    pub max_workers: Option<i64>,
    /// Whether keys are announced by region (sweep).
    #[serde(skip_serializing_if = "none")]
    pub sweep_enabled: Flag,
    /// Number of workers only for repeated announcements.
    #[serde(skip_serializing_if = "none")]
    pub dedicated_periodic_workers: Option<i64>,
    /// Number of workers only for new announcements.
    #[serde(skip_serializing_if = "none")]
    pub dedicated_burst_workers: Option<i64>,
    /// Maximum number of connections per worker.
    #[serde(skip_serializing_if = "none")]
    pub max_provide_conns_per_worker: Option<i64>,
    /// Number of keys that are read at once.
    #[serde(skip_serializing_if = "none")]
    pub keystore_batch_size: Option<i64>,
    /// Time without peers after which the node counts as offline.
    #[serde(skip_serializing_if = "OptionalDuration::is_default")]
    pub offline_delay: OptionalDuration,
    /// Timeout of one record.
    #[serde(skip_serializing_if = "OptionalDuration::is_default")]
    pub send_provider_record_timeout: OptionalDuration,
    /// Whether a start resumes the last run.
    #[serde(skip_serializing_if = "none")]
    pub resume_enabled: Flag,
}

/// Obsolete: now in [`Provide`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct OldProvider {
    /// See [`Provide::enabled`].
    #[serde(skip_serializing_if = "none")]
    pub enabled: Flag,
    /// See [`Provide::strategy`].
    #[serde(skip_serializing_if = "none")]
    pub strategy: Option<String>,
    /// See [`ProvideDht::max_workers`].
    #[serde(skip_serializing_if = "none")]
    pub worker_count: Option<i64>,
}

impl Section for OldProvider {
    const UNUSED: UnusedKeys = UnusedKeys::All;
}

/// Obsolete: now in [`Provide`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct OldReprovider {
    /// See [`ProvideDht::interval`].
    #[serde(skip_serializing_if = "OptionalDuration::is_default")]
    pub interval: OptionalDuration,
    /// See [`Provide::strategy`].
    #[serde(skip_serializing_if = "none")]
    pub strategy: Option<String>,
}

impl Section for OldReprovider {
    const UNUSED: UnusedKeys = UnusedKeys::Keys(&["Interval"]);
}

/// Bitswap.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct Bitswap {
    /// Whether it is enabled.
    #[serde(skip_serializing_if = "none")]
    pub libp2p_enabled: Flag,
    /// Whether blocks are served to peers.
    #[serde(skip_serializing_if = "none")]
    pub server_enabled: Flag,
}

impl Section for Bitswap {
    const UNUSED: UnusedKeys = UnusedKeys::None;
}

/// Retrieval of blocks over HTTP.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct HttpRetrieval {
    /// Whether it is enabled.
    #[serde(skip_serializing_if = "none")]
    pub enabled: Flag,
    /// Allowed hosts.
    #[serde(skip_serializing_if = "none")]
    pub allowlist: Option<Vec<String>>,
    /// Denied hosts.
    #[serde(skip_serializing_if = "none")]
    pub denylist: Option<Vec<String>>,
    /// Maximum number of concurrent requests.
    #[serde(skip_serializing_if = "none")]
    pub num_workers: Option<i64>,
    /// Maximum size of a block.
    #[serde(skip_serializing_if = "none")]
    pub max_block_size: Option<String>,
    /// Whether certificates are not verified; for tests.
    #[serde(rename = "TLSInsecureSkipVerify", skip_serializing_if = "none")]
    pub tls_insecure_skip_verify: Flag,
}

impl Section for HttpRetrieval {
    const UNUSED: UnusedKeys = UnusedKeys::Keys(&[
        "Allowlist",
        "Denylist",
        "MaxBlockSize",
        "TLSInsecureSkipVerify",
    ]);
}
