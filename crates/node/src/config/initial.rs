//! The configuration of a new repository.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::sections::{Addresses, IdentitySection};
use super::{Config, StringOrList};

/// Placeholder for the values of [`super::sections::AutoConf`].
pub(super) const AUTO: &str = "auto";

/// A list with only that.
pub(super) fn auto() -> Option<Vec<String>> {
    Some(vec![AUTO.to_owned()])
}

/// Texts as a list.
pub(super) fn list(texts: &[&str]) -> Option<Vec<String>> {
    Some(texts.iter().map(|text| (*text).to_owned()).collect())
}

impl Config {
    /// The initial configuration.
    #[must_use]
    pub fn initial(identity: IdentitySection) -> Self {
        let mut config = Self {
            identity,
            bootstrap: auto(),
            addresses: Addresses::initial(),
            ..Self::default()
        };
        config.datastore.spec = Some(store_spec());
        config.discovery.mdns.enabled = true;
        config.ipns.delegated_publishers = auto();
        config.routing.delegated_routers = auto();
        config.gateway.http_headers = Some(BTreeMap::new());
        config.api.http_headers = Some(BTreeMap::new());
        config.pinning.remote_services = Some(BTreeMap::new());
        config.dns.resolvers = Some(BTreeMap::from([(".".to_owned(), AUTO.to_owned())]));
        config
    }
}

impl Addresses {
    /// The listen addresses of a new node.
    #[must_use]
    pub fn initial() -> Self {
        Self {
            swarm: list(&[
                "/ip4/0.0.0.0/tcp/4001",
                "/ip6/::/tcp/4001",
                "/ip4/0.0.0.0/udp/4001/webrtc-direct",
                "/ip4/0.0.0.0/udp/4001/quic-v1",
                "/ip4/0.0.0.0/udp/4001/quic-v1/webtransport",
                "/ip6/::/udp/4001/webrtc-direct",
                "/ip6/::/udp/4001/quic-v1",
                "/ip6/::/udp/4001/quic-v1/webtransport",
            ]),
            announce: list(&[]),
            append_announce: list(&[]),
            no_announce: list(&[]),
            api: StringOrList::one("/ip4/127.0.0.1/tcp/5001"),
            gateway: StringOrList::one("/ip4/127.0.0.1/tcp/8080"),
            ..Self::default()
        }
    }
}

/// The datastore in Kubo's form, for people and tools; not read.
fn store_spec() -> Value {
    json!({
        "mounts": [
            {
                "mountpoint": "/blocks",
                "path": "blocks",
                "prefix": "segments.datastore",
                "shardFunc": "/repo/segments/car/v1",
                "sync": true,
                "type": "segments",
            },
            {
                "compression": "none",
                "mountpoint": "/",
                "path": "rows.sqlite",
                "prefix": "sqlite.datastore",
                "type": "sqlite",
            },
        ],
        "type": "mount",
    })
}
