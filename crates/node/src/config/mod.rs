//! The configuration: a JSON file with Kubo's keys, and some of Cairn's.
//!
//! [`Document`] is the file as written, including unknown keys; [`Config`] is its typed content. See
//! <https://github.com/ipfs/kubo/blob/v0.42.0/docs/config.md> for Kubo's keys.

mod check;
mod command;
mod document;
mod duration;
mod error;
mod file;
mod initial;
mod profile;
mod rate;
pub mod sections;
mod size;
mod unused;
mod values;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use command::{Changes, ConfigCommandError};
pub use document::Document;
pub use duration::{DurationError, GoDuration, OptionalDuration};
pub use error::ConfigError;
pub use file::{ConfigFile, ProfileChange};
pub use profile::Profile;
pub use rate::{RateError, RequestRate};
pub use sections::Face;
use sections::*;
pub use size::{Size, SizeError, parse_size};
use unused::{UnusedKeys, idle};
use values::default;
pub use values::{Flag, Priority, Secret, StringOrList};

/// The typed content of a configuration file. [`Default`] is an empty file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct Config {
    /// The node's key.
    pub identity: IdentitySection,
    /// Block storage.
    pub datastore: Datastore,
    /// Listen addresses.
    pub addresses: Addresses,
    /// FUSE mount points.
    pub mounts: Mounts,
    /// Discovery of peers in the local network.
    pub discovery: Discovery,
    /// Routing: how content and peers are found.
    pub routing: Routing,
    /// IPNS.
    pub ipns: Ipns,
    /// Bootstrap peers, as multiaddrs; `auto` for those of [`AutoConf`].
    pub bootstrap: Option<Vec<String>>,
    /// The gateway.
    pub gateway: Gateway,
    /// The RPC.
    #[serde(rename = "API")]
    pub api: Api,
    /// Connections to peers.
    pub swarm: Swarm,
    /// AutoNAT: whether the node can be reached.
    #[serde(rename = "AutoNAT")]
    pub auto_nat: AutoNat,
    /// AutoTLS: certificates for connections from browsers.
    #[serde(rename = "AutoTLS")]
    pub auto_tls: AutoTls,
    /// PubSub.
    pub pubsub: Pubsub,
    /// Peers that are kept connected.
    pub peering: Peering,
    /// Name resolution.
    #[serde(rename = "DNS")]
    pub dns: Dns,
    /// Obsolete: repository migrations.
    pub migration: Migration,
    /// AutoConf: network settings from a published file.
    pub auto_conf: AutoConf,
    /// Announcements of content.
    pub provide: Provide,
    /// Obsolete.
    pub provider: OldProvider,
    /// Obsolete.
    pub reprovider: OldReprovider,
    /// Retrieval of blocks over HTTP.
    #[serde(rename = "HTTPRetrieval")]
    pub http_retrieval: HttpRetrieval,
    /// Experimental features.
    pub experimental: Experimental,
    /// Kubo's plugins.
    pub plugins: Plugins,
    /// Pinning services.
    pub pinning: Pinning,
    /// Import defaults.
    pub import: Import,
    /// Version settings.
    pub version: Version,
    /// Internal settings.
    pub internal: Internal,
    /// Bitswap.
    pub bitswap: Bitswap,
    /// The backend of the pinning, upload and cluster faces. Only in Cairn.
    #[serde(skip_serializing_if = "default")]
    pub backend: Backend,
    /// The database of shared rows. Only in Cairn.
    #[serde(skip_serializing_if = "default")]
    pub database: Database,
    /// Settings of the pinning, upload and cluster faces. Only in Cairn.
    #[serde(skip_serializing_if = "default")]
    pub services: Services,
    /// Limits of requests with tokens of accounts. Only in Cairn.
    #[serde(skip_serializing_if = "default")]
    pub accounts: Accounts,
    /// How pin requests are worked on. Only in Cairn.
    #[serde(skip_serializing_if = "default")]
    pub pin_queue: PinQueue,
    /// This node as a peer of a cluster. Only in Cairn.
    #[serde(skip_serializing_if = "default")]
    pub cluster: Cluster,
    /// The TLS certificate. Only in Cairn.
    #[serde(rename = "TLS", skip_serializing_if = "default")]
    pub tls: Tls,
}

impl Config {
    /// The sections by name, and their settings that have no effect yet.
    fn sections(&self) -> Vec<(&'static str, UnusedKeys)> {
        let Self {
            identity,
            datastore,
            addresses,
            mounts,
            discovery,
            routing,
            ipns,
            bootstrap,
            gateway,
            api,
            swarm,
            auto_nat,
            auto_tls,
            pubsub,
            peering,
            dns,
            migration,
            auto_conf,
            provide,
            provider,
            reprovider,
            http_retrieval,
            experimental,
            plugins,
            pinning,
            import,
            version,
            internal,
            bitswap,
            backend,
            database,
            services,
            accounts,
            pin_queue,
            cluster,
            tls,
        } = self;
        vec![
            ("Identity", idle(identity)),
            ("Datastore", idle(datastore)),
            ("Addresses", idle(addresses)),
            ("Mounts", idle(mounts)),
            ("Discovery", idle(discovery)),
            ("Routing", idle(routing)),
            ("Ipns", idle(ipns)),
            ("Bootstrap", idle(bootstrap)),
            ("Gateway", idle(gateway)),
            ("API", idle(api)),
            ("Swarm", idle(swarm)),
            ("AutoNAT", idle(auto_nat)),
            ("AutoTLS", idle(auto_tls)),
            ("Pubsub", idle(pubsub)),
            ("Peering", idle(peering)),
            ("DNS", idle(dns)),
            ("Migration", idle(migration)),
            ("AutoConf", idle(auto_conf)),
            ("Provide", idle(provide)),
            ("Provider", idle(provider)),
            ("Reprovider", idle(reprovider)),
            ("HTTPRetrieval", idle(http_retrieval)),
            ("Experimental", idle(experimental)),
            ("Plugins", idle(plugins)),
            ("Pinning", idle(pinning)),
            ("Import", idle(import)),
            ("Version", idle(version)),
            ("Internal", idle(internal)),
            ("Bitswap", idle(bitswap)),
            ("Backend", idle(backend)),
            ("Database", idle(database)),
            ("Services", idle(services)),
            ("Accounts", idle(accounts)),
            ("PinQueue", idle(pin_queue)),
            ("Cluster", idle(cluster)),
            ("TLS", idle(tls)),
        ]
    }
}
