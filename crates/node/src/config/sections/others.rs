//! The other sections.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::config::OptionalDuration;
use crate::config::unused::{Section, UnusedKeys};
use crate::config::values::{Flag, Secret, default, none};

/// The node's key; see [`crate::Identity`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct IdentitySection {
    /// Its peer id.
    #[serde(rename = "PeerID")]
    pub peer_id: String,
    /// Its private key: base64 of libp2p's protobuf.
    #[serde(skip_serializing_if = "Secret::is_empty")]
    pub priv_key: Secret,
}

impl Section for IdentitySection {
    const UNUSED: UnusedKeys = UnusedKeys::None;
}

/// FUSE mount points. Cairn mounts nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct Mounts {
    /// For `/ipfs`.
    #[serde(rename = "IPFS")]
    pub ipfs: String,
    /// For `/ipns`.
    #[serde(rename = "IPNS")]
    pub ipns: String,
    /// MFS.
    #[serde(rename = "MFS")]
    pub mfs: String,
    /// Whether other users have access.
    pub fuse_allow_other: Flag,
    /// Whether times are stored.
    pub store_mtime: Flag,
    /// Whether permissions are stored.
    pub store_mode: Flag,
}

impl Section for Mounts {
    const UNUSED: UnusedKeys = UnusedKeys::All;
}

impl Default for Mounts {
    fn default() -> Self {
        Self {
            ipfs: "/ipfs".into(),
            ipns: "/ipns".into(),
            mfs: "/mfs".into(),
            fuse_allow_other: Default::default(),
            store_mtime: Default::default(),
            store_mode: Default::default(),
        }
    }
}

/// Obsolete: repository migrations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct Migration {
    /// Sources of migrations.
    #[serde(skip_serializing_if = "none")]
    pub download_sources: Option<Vec<String>>,
    /// What happens to downloaded migrations.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub keep: String,
}

impl Section for Migration {
    const UNUSED: UnusedKeys = UnusedKeys::All;
}

/// Experimental features.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct Experimental {
    /// Whether `--nocopy` is allowed.
    pub filestore_enabled: bool,
    /// Whether `urlstore` is allowed.
    pub urlstore_enabled: bool,
    /// Obsolete and not read.
    #[serde(skip_serializing_if = "default")]
    pub sharding_enabled: bool,
    /// Whether `p2p` commands are allowed.
    pub libp2p_stream_mounting: bool,
    /// Whether the gateway carries `/p2p` requests.
    pub p2p_http_proxy: bool,
    /// Obsolete and not read.
    #[serde(skip_serializing_if = "default")]
    pub strategic_providing: bool,
    /// Whether announcements end early (optimistic provide).
    pub optimistic_provide: bool,
    /// Maximum number of announcements that continue in the background.
    pub optimistic_provide_jobs_pool_size: i64,
    /// Whether the gateway is served to peers.
    #[serde(skip_serializing_if = "default")]
    pub gateway_over_libp2p: bool,
}

impl Section for Experimental {
    const UNUSED: UnusedKeys = UnusedKeys::Keys(&[
        "P2pHttpProxy",
        "OptimisticProvide",
        "OptimisticProvideJobsPoolSize",
        "GatewayOverLibp2p",
        "ShardingEnabled",
        "StrategicProviding",
    ]);
}

/// Kubo's plugins. Cairn has none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct Plugins {
    /// By name.
    pub plugins: Option<BTreeMap<String, Plugin>>,
}

impl Section for Plugins {
    const UNUSED: UnusedKeys = UnusedKeys::All;
}

/// One plugin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct Plugin {
    /// Whether it is disabled.
    pub disabled: bool,
    /// Its settings.
    #[serde(skip_serializing_if = "none")]
    pub config: Option<Value>,
}

/// Pinning services.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct Pinning {
    /// Services by name.
    pub remote_services: Option<BTreeMap<String, RemotePinningService>>,
}

impl Section for Pinning {
    // Except the policies of each service, which `Config::idle_keys` checks.
    const UNUSED: UnusedKeys = UnusedKeys::None;
}

/// A remote pinning service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct RemotePinningService {
    /// Its API.
    #[serde(rename = "API")]
    pub api: RemotePinningApi,
    /// Its policies.
    pub policies: RemotePinningPolicies,
}

/// The API of a remote pinning service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct RemotePinningApi {
    /// Its URL.
    pub endpoint: String,
    /// Its bearer token: a secret.
    pub key: Secret,
}

/// Policies of a remote pinning service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct RemotePinningPolicies {
    /// MFS.
    #[serde(rename = "MFS")]
    pub mfs: RemotePinningMfs,
}

/// The policy for pinning MFS at a remote service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct RemotePinningMfs {
    /// Whether it is enabled.
    pub enable: bool,
    /// Name of the pin; if empty, made from the peer ID.
    pub pin_name: String,
    /// Interval between updates, as a duration; empty for 5 minutes.
    pub repin_interval: String,
}

/// Version settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct Version {
    /// Suffix of the agent version.
    #[serde(skip_serializing_if = "none")]
    pub agent_suffix: Option<String>,
    /// Whether the versions of peers are checked.
    #[serde(skip_serializing_if = "none")]
    pub swarm_check_enabled: Flag,
    /// Percentage of peers with a newer version above which a warning is logged.
    #[serde(skip_serializing_if = "none")]
    pub swarm_check_percent_threshold: Option<i64>,
}

impl Section for Version {
    const UNUSED: UnusedKeys =
        UnusedKeys::Keys(&["SwarmCheckEnabled", "SwarmCheckPercentThreshold"]);
}

/// Internal settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct Internal {
    /// Bitswap.
    #[serde(skip_serializing_if = "none")]
    pub bitswap: Option<InternalBitswap>,
    /// Obsolete: now in [`super::Import`].
    #[serde(rename = "UnixFSShardingSizeThreshold", skip_serializing_if = "none")]
    pub unixfs_sharding_size_threshold: Option<String>,
    /// Forced reachability: `public` or `private`.
    #[serde(skip_serializing_if = "none")]
    pub libp2p_force_reachability: Option<String>,
    /// Interval of backups of known peers.
    #[serde(skip_serializing_if = "OptionalDuration::is_default")]
    pub backup_bootstrap_interval: OptionalDuration,
    /// Maximum number of unflushed MFS changes.
    #[serde(rename = "MFSNoFlushLimit", skip_serializing_if = "none")]
    pub mfs_no_flush_limit: Option<i64>,
    /// Timeout of the shutdown.
    #[serde(skip_serializing_if = "OptionalDuration::is_default")]
    pub shutdown_timeout: OptionalDuration,
}

impl Section for Internal {
    const UNUSED: UnusedKeys = UnusedKeys::Keys(&[
        "Bitswap.TaskWorkerCount",
        "Bitswap.EngineBlockstoreWorkerCount",
        "Bitswap.EngineTaskWorkerCount",
        "Bitswap.MaxOutstandingBytesPerPeer",
        "Bitswap.BroadcastControl",
        "UnixFSShardingSizeThreshold",
        "BackupBootstrapInterval",
        "MFSNoFlushLimit",
        "ShutdownTimeout",
    ]);
}

/// Internals of Bitswap.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct InternalBitswap {
    /// Workers.
    pub task_worker_count: Option<i64>,
    /// Number of workers that read blocks.
    pub engine_blockstore_worker_count: Option<i64>,
    /// Number of workers that send blocks.
    pub engine_task_worker_count: Option<i64>,
    /// Maximum number of unacknowledged bytes per peer.
    pub max_outstanding_bytes_per_peer: Option<i64>,
    /// Delay before providers are searched.
    pub provider_search_delay: OptionalDuration,
    /// Maximum number of providers to search for.
    pub provider_search_max_results: Option<i64>,
    /// Maximum size of a block that is sent in reply to a want-have.
    pub want_have_replace_size: Option<i64>,
    /// Settings of the broadcast of wants.
    pub broadcast_control: Option<BroadcastControl>,
}

/// Which peers a want is broadcast to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct BroadcastControl {
    /// Whether it is enabled.
    #[serde(skip_serializing_if = "none")]
    pub enable: Flag,
    /// Maximum number of peers; -1 for no limit.
    pub max_peers: Option<i64>,
    /// Whether it applies to local peers.
    #[serde(skip_serializing_if = "none")]
    pub local_peers: Flag,
    /// Whether it applies to peered nodes.
    #[serde(skip_serializing_if = "none")]
    pub peered_peers: Flag,
    /// Peers by lot.
    pub max_random_peers: Option<i64>,
    /// Whether wants are sent to peers with pending messages.
    #[serde(skip_serializing_if = "none")]
    pub send_to_pending_peers: Flag,
}
