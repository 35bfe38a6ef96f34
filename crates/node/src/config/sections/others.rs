//! The other sections.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::config::OptionalDuration;
use crate::config::idle::{Idle, Section};
use crate::config::words::{Flag, Secret, default, none};

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
    const IDLE: Idle = Idle::None;
}

/// Where FUSE would mount. Cairn mounts nothing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct Mounts {
    /// For `/ipfs`.
    #[serde(rename = "IPFS")]
    pub ipfs: String,
    /// For `/ipns`.
    #[serde(rename = "IPNS")]
    pub ipns: String,
    /// For the mutable files.
    #[serde(rename = "MFS")]
    pub mfs: String,
    /// Whether other users see it.
    pub fuse_allow_other: Flag,
    /// Whether times are kept.
    pub store_mtime: Flag,
    /// Whether permissions are kept.
    pub store_mode: Flag,
}

impl Section for Mounts {
    const IDLE: Idle = Idle::All;
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

/// Of old versions of repositories.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct Migration {
    /// Where migrations come from.
    #[serde(skip_serializing_if = "none")]
    pub download_sources: Option<Vec<String>>,
    /// What becomes of them.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub keep: String,
}

impl Section for Migration {
    const IDLE: Idle = Idle::All;
}

/// What is not settled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct Experimental {
    /// Whether `--nocopy` is allowed.
    pub filestore_enabled: bool,
    /// Whether `urlstore` is allowed.
    pub urlstore_enabled: bool,
    /// Of old versions; nothing reads it.
    #[serde(skip_serializing_if = "default")]
    pub sharding_enabled: bool,
    /// Whether `p2p` commands are allowed.
    pub libp2p_stream_mounting: bool,
    /// Whether the gateway carries `/p2p` requests.
    pub p2p_http_proxy: bool,
    /// Of old versions; nothing reads it.
    #[serde(skip_serializing_if = "default")]
    pub strategic_providing: bool,
    /// Whether announcements end early.
    pub optimistic_provide: bool,
    /// How many of their rests run on.
    pub optimistic_provide_jobs_pool_size: i64,
    /// Whether the gateway is served to peers.
    #[serde(skip_serializing_if = "default")]
    pub gateway_over_libp2p: bool,
}

impl Section for Experimental {
    const IDLE: Idle = Idle::Keys(&[
        "Libp2pStreamMounting",
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
    const IDLE: Idle = Idle::All;
}

/// One plugin.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct Plugin {
    /// Whether it is off.
    pub disabled: bool,
    /// Its settings.
    #[serde(skip_serializing_if = "none")]
    pub config: Option<Value>,
}

/// Pinning services.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct Pinning {
    /// By the user's name.
    pub remote_services: Option<BTreeMap<String, RemotePinningService>>,
}

impl Section for Pinning {
    // But for the policies of each service, which `Config::idle_keys` looks at.
    const IDLE: Idle = Idle::None;
}

/// One remote pinning service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct RemotePinningService {
    /// How it is reached.
    #[serde(rename = "API")]
    pub api: RemotePinningApi,
    /// What it gets without being asked.
    pub policies: RemotePinningPolicies,
}

/// How a remote pinning service is reached.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct RemotePinningApi {
    /// Its URL.
    pub endpoint: String,
    /// Its bearer token: a secret.
    pub key: Secret,
}

/// What a remote pinning service gets without being asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct RemotePinningPolicies {
    /// The mutable files.
    #[serde(rename = "MFS")]
    pub mfs: RemotePinningMfs,
}

/// How the mutable files are kept at a remote pinning service.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct RemotePinningMfs {
    /// Whether they are.
    pub enable: bool,
    /// The pin's name; empty for one made of the peer id.
    pub pin_name: String,
    /// Time between two changes, as a duration; empty for 5 minutes.
    pub repin_interval: String,
}

/// What is told about the version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct Version {
    /// What follows the agent's name.
    #[serde(skip_serializing_if = "none")]
    pub agent_suffix: Option<String>,
    /// Whether peers' versions are watched.
    #[serde(skip_serializing_if = "none")]
    pub swarm_check_enabled: Flag,
    /// Percentage of newer peers from which the log says so.
    #[serde(skip_serializing_if = "none")]
    pub swarm_check_percent_threshold: Option<i64>,
}

impl Section for Version {
    const IDLE: Idle = Idle::All;
}

/// What is not for people.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct Internal {
    /// The exchange of blocks.
    #[serde(skip_serializing_if = "none")]
    pub bitswap: Option<InternalBitswap>,
    /// Of old versions: now in [`super::Import`].
    #[serde(rename = "UnixFSShardingSizeThreshold", skip_serializing_if = "none")]
    pub unixfs_sharding_size_threshold: Option<String>,
    /// `public` or `private`, whatever is found out.
    #[serde(skip_serializing_if = "none")]
    pub libp2p_force_reachability: Option<String>,
    /// Time between two copies of known peers.
    #[serde(skip_serializing_if = "OptionalDuration::is_default")]
    pub backup_bootstrap_interval: OptionalDuration,
    /// Changes of the mutable files without a flush, before one is made.
    #[serde(rename = "MFSNoFlushLimit", skip_serializing_if = "none")]
    pub mfs_no_flush_limit: Option<i64>,
    /// How long a shutdown may take.
    #[serde(skip_serializing_if = "OptionalDuration::is_default")]
    pub shutdown_timeout: OptionalDuration,
}

impl Section for Internal {
    const IDLE: Idle = Idle::All;
}

/// The exchange of blocks, inside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct InternalBitswap {
    /// Workers.
    pub task_worker_count: Option<i64>,
    /// Workers that read.
    pub engine_blockstore_worker_count: Option<i64>,
    /// Workers that send.
    pub engine_task_worker_count: Option<i64>,
    /// Bytes under way to a peer.
    pub max_outstanding_bytes_per_peer: Option<i64>,
    /// How long before providers are looked for.
    pub provider_search_delay: OptionalDuration,
    /// Providers that are looked for.
    pub provider_search_max_results: Option<i64>,
    /// Largest block that is sent instead of the news that it is here.
    pub want_have_replace_size: Option<i64>,
    /// Who is asked first.
    pub broadcast_control: Option<BroadcastControl>,
}

/// Who is asked for a block first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Default)]
#[serde(default, rename_all = "PascalCase")]
pub struct BroadcastControl {
    /// Whether it is limited.
    #[serde(skip_serializing_if = "none")]
    pub enable: Flag,
    /// Peers; -1 for all.
    pub max_peers: Option<i64>,
    /// Whether local peers are limited as well.
    #[serde(skip_serializing_if = "none")]
    pub local_peers: Flag,
    /// Whether peered ones are.
    #[serde(skip_serializing_if = "none")]
    pub peered_peers: Flag,
    /// Peers by lot.
    pub max_random_peers: Option<i64>,
    /// Whether those are asked that something is under way to.
    #[serde(skip_serializing_if = "none")]
    pub send_to_pending_peers: Flag,
}
