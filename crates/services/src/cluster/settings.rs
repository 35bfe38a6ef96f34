//! The settings of the cluster.

use std::collections::BTreeMap;
use std::time::Duration;

use cairn_node::config::sections;

/// The settings of the cluster at one peer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClusterSettings {
    /// The name of this peer.
    pub name: String,
    /// The replication factors of pins that name none; -1 is every peer.
    pub replication: (i64, i64),
    /// Tags of this peer. Pins are spread over peers with different values.
    pub tags: BTreeMap<String, String>,
    /// The version that is reported.
    pub version: String,
    /// How many pins are worked on at once.
    pub concurrent_pins: usize,
    /// How long a pin waits for its next block before it fails for now.
    pub stall: Duration,
    /// How often the lease is renewed.
    pub beat: Duration,
    /// How long a lease lasts.
    pub term: Duration,
    /// How long after the end of its lease a peer is replaced.
    pub patience: Duration,
    /// How often the pinset is looked through for what is to be repaired.
    pub sweep: Duration,
}

impl ClusterSettings {
    /// What a configuration says.
    #[must_use]
    pub fn from_config(config: &sections::Cluster) -> Self {
        let default = Self::default();
        let seconds = |value: Option<u64>, default| value.map_or(default, Duration::from_secs);
        Self {
            name: config.peer_name.clone().unwrap_or_default(),
            replication: (
                config
                    .replication_factor_min
                    .unwrap_or(default.replication.0),
                config
                    .replication_factor_max
                    .unwrap_or(default.replication.1),
            ),
            tags: config.tags.clone(),
            concurrent_pins: config
                .concurrent_pins
                .map_or(default.concurrent_pins, |most| {
                    usize::try_from(most.max(1)).unwrap_or(default.concurrent_pins)
                }),
            stall: seconds(config.pin_timeout, default.stall),
            beat: seconds(config.heartbeat, default.beat),
            term: seconds(config.heartbeat, default.beat).saturating_mul(3),
            patience: seconds(config.replace_after, default.patience),
            sweep: seconds(config.heartbeat, default.sweep / 2).saturating_mul(2),
            ..default
        }
    }
}

impl Default for ClusterSettings {
    fn default() -> Self {
        Self {
            name: String::new(),
            replication: (-1, -1),
            tags: BTreeMap::new(),
            version: "1.1.6".to_owned(),
            concurrent_pins: 64,
            stall: Duration::from_secs(120),
            beat: Duration::from_secs(5),
            term: Duration::from_secs(15),
            patience: Duration::from_secs(60),
            sweep: Duration::from_secs(10),
        }
    }
}
