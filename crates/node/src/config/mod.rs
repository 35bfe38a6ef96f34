//! The configuration: a JSON file with Kubo's keys, and some of our own.
//!
//! [`Document`] is the file as it is, unknown keys included; [`Config`] is what it means. See Kubo's
//! <https://github.com/ipfs/kubo/blob/v0.42.0/docs/config.md> for Kubo's keys.

mod check;
mod command;
mod document;
mod duration;
mod error;
mod file;
mod unused;
mod initial;
mod profile;
pub mod sections;
mod size;
mod values;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use command::{Changes, ConfigCommandError};
pub use document::Document;
pub use duration::{DurationError, GoDuration, OptionalDuration};
pub use error::ConfigError;
pub use file::{ConfigFile, ProfileChange};
use unused::{UnusedKeys, idle};
pub use profile::Profile;
use sections::*;
pub use size::{Size, SizeError, parse_size};
use values::default;
pub use values::{Flag, Priority, Secret, StringOrList};

/// What a configuration file means. [`Default`] is an empty file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "PascalCase")]
pub struct Config {
    /// The node's key.
    pub identity: IdentitySection,
    /// Block storage.
    pub datastore: Datastore,
    /// Where the node listens.
    pub addresses: Addresses,
    /// Where FUSE would mount.
    pub mounts: Mounts,
    /// Peers of the local network.
    pub discovery: Discovery,
    /// How content and peers are found.
    pub routing: Routing,
    /// Names that keys own.
    pub ipns: Ipns,
    /// Peers that are dialled first, as multiaddrs; `auto` for those of [`AutoConf`].
    pub bootstrap: Option<Vec<String>>,
    /// The gateway.
    pub gateway: Gateway,
    /// The RPC.
    #[serde(rename = "API")]
    pub api: Api,
    /// Connections to peers.
    pub swarm: Swarm,
    /// Finding out whether others reach this node.
    #[serde(rename = "AutoNAT")]
    pub auto_nat: AutoNat,
    /// Certificates for browsers' connections.
    #[serde(rename = "AutoTLS")]
    pub auto_tls: AutoTls,
    /// Messages by topic.
    pub pubsub: Pubsub,
    /// Peers that are kept connected.
    pub peering: Peering,
    /// Name resolution.
    #[serde(rename = "DNS")]
    pub dns: Dns,
    /// Of old versions of repositories.
    pub migration: Migration,
    /// Network settings from a file that others keep.
    pub auto_conf: AutoConf,
    /// What is announced.
    pub provide: Provide,
    /// Of old versions.
    pub provider: OldProvider,
    /// Of old versions.
    pub reprovider: OldReprovider,
    /// Blocks from HTTP gateways.
    #[serde(rename = "HTTPRetrieval")]
    pub http_retrieval: HttpRetrieval,
    /// What is not settled.
    pub experimental: Experimental,
    /// Kubo's plugins.
    pub plugins: Plugins,
    /// Pinning services.
    pub pinning: Pinning,
    /// What an import does where the request leaves it open.
    pub import: Import,
    /// What is told about the version.
    pub version: Version,
    /// What is not for people.
    pub internal: Internal,
    /// The exchange of blocks.
    pub bitswap: Bitswap,
    /// What the pinning, upload and cluster faces store into. Cairn's own.
    #[serde(skip_serializing_if = "default")]
    pub backend: Backend,
    /// Where shared rows live. Cairn's own.
    #[serde(skip_serializing_if = "default")]
    pub database: Database,
    /// The certificate of addresses that are served with TLS. Cairn's own.
    #[serde(rename = "TLS", skip_serializing_if = "default")]
    pub tls: Tls,
}

impl Config {
    /// The sections by name, and what each declares of its settings that have no effect yet.
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
            ("TLS", idle(tls)),
        ]
    }
}
