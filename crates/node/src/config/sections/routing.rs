//! How content is found, announced and exchanged.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::config::OptionalDuration;
use crate::config::unused::{UnusedKeys, Section};
use crate::config::values::{Flag, none};

/// How content and peers are found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct Routing {
    /// `auto`, `autoclient`, `dht`, `dhtclient`, `dhtserver`, `delegated`, `none` or `custom`.
    #[serde(rename = "Type", skip_serializing_if = "none")]
    pub kind: Option<String>,
    /// Whether the whole DHT is kept at hand.
    #[serde(rename = "AcceleratedDHTClient", skip_serializing_if = "none")]
    pub accelerated_dht_client: Flag,
    /// Whether loopback addresses may be in the LAN's DHT.
    #[serde(rename = "LoopbackAddressesOnLanDHT", skip_serializing_if = "none")]
    pub loopback_addresses_on_lan_dht: Flag,
    /// Peers that are no providers.
    #[serde(skip_serializing_if = "none")]
    pub ignore_providers: Option<Vec<String>>,
    /// URLs of `/routing/v1` servers; `auto` for those of [`AutoConf`].
    pub delegated_routers: Option<Vec<String>>,
    /// Routers of the type `custom`.
    #[serde(skip_serializing_if = "none")]
    pub routers: Option<BTreeMap<String, Router>>,
    /// Which of them answers what.
    #[serde(skip_serializing_if = "none")]
    pub methods: Option<BTreeMap<String, Value>>,
}

impl Section for Routing {
    const UNUSED: UnusedKeys = UnusedKeys::All;
}

/// One router of the type `custom`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct Router {
    /// `http`, `dht`, `sequential` or `parallel`.
    #[serde(rename = "Type")]
    pub kind: String,
    /// What that type needs.
    pub parameters: Option<Value>,
}

/// What is announced.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct Provide {
    /// Whether anything is.
    #[serde(skip_serializing_if = "none")]
    pub enabled: Flag,
    /// `all`, `pinned`, `roots`, `mfs`, and sums of those.
    #[serde(skip_serializing_if = "none")]
    pub strategy: Option<String>,
    /// One wrong answer in this many, of the filter that avoids doubles.
    #[serde(rename = "BloomFPRate", skip_serializing_if = "none")]
    pub bloom_fp_rate: Option<i64>,
    /// To the DHT.
    #[serde(rename = "DHT")]
    pub dht: ProvideDht,
}

impl Section for Provide {
    const UNUSED: UnusedKeys = UnusedKeys::All;
}

/// How the DHT is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct ProvideDht {
    /// Time between two announcements of the same; 0 for once only.
    #[serde(skip_serializing_if = "OptionalDuration::is_default")]
    pub interval: OptionalDuration,
    /// Workers.
    #[serde(skip_serializing_if = "none")]
    pub max_workers: Option<i64>,
    /// Whether regions of keys are told together.
    #[serde(skip_serializing_if = "none")]
    pub sweep_enabled: Flag,
    /// Workers only for repetitions.
    #[serde(skip_serializing_if = "none")]
    pub dedicated_periodic_workers: Option<i64>,
    /// Workers only for news.
    #[serde(skip_serializing_if = "none")]
    pub dedicated_burst_workers: Option<i64>,
    /// Connections of a worker.
    #[serde(skip_serializing_if = "none")]
    pub max_provide_conns_per_worker: Option<i64>,
    /// Keys that are read at once.
    #[serde(skip_serializing_if = "none")]
    pub keystore_batch_size: Option<i64>,
    /// How long without peers is offline.
    #[serde(skip_serializing_if = "OptionalDuration::is_default")]
    pub offline_delay: OptionalDuration,
    /// How long one record may take.
    #[serde(skip_serializing_if = "OptionalDuration::is_default")]
    pub send_provider_record_timeout: OptionalDuration,
    /// Whether a start continues where the last run was.
    #[serde(skip_serializing_if = "none")]
    pub resume_enabled: Flag,
}

/// Of old versions: now in [`Provide`].
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

/// Of old versions: now in [`Provide`].
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
    const UNUSED: UnusedKeys = UnusedKeys::All;
}

/// The exchange of blocks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct Bitswap {
    /// Whether it is spoken to peers.
    #[serde(skip_serializing_if = "none")]
    pub libp2p_enabled: Flag,
    /// Whether blocks are given to peers.
    #[serde(skip_serializing_if = "none")]
    pub server_enabled: Flag,
}

impl Section for Bitswap {
    const UNUSED: UnusedKeys = UnusedKeys::All;
}

/// Blocks from HTTP gateways.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct HttpRetrieval {
    /// Whether they are asked.
    #[serde(skip_serializing_if = "none")]
    pub enabled: Flag,
    /// Only these hosts.
    #[serde(skip_serializing_if = "none")]
    pub allowlist: Option<Vec<String>>,
    /// Not these hosts.
    #[serde(skip_serializing_if = "none")]
    pub denylist: Option<Vec<String>>,
    /// Requests at once.
    #[serde(skip_serializing_if = "none")]
    pub num_workers: Option<i64>,
    /// Largest block that is taken.
    #[serde(skip_serializing_if = "none")]
    pub max_block_size: Option<String>,
    /// Whether any certificate will do; for tests.
    #[serde(rename = "TLSInsecureSkipVerify", skip_serializing_if = "none")]
    pub tls_insecure_skip_verify: Flag,
}

impl Section for HttpRetrieval {
    const UNUSED: UnusedKeys = UnusedKeys::All;
}
