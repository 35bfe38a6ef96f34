//! Configuration profiles.

use std::net::TcpListener;

use super::initial::{auto, list};
use super::sections::{Addresses, AutoNatMode};
use super::{Config, ConfigError, GoDuration, OptionalDuration, StringOrList};

/// A named set of changes to a configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// For machines with a public address: no discovery in local networks.
    Server,
    /// Reverts [`Profile::Server`].
    LocalDiscovery,
    /// For tests: ports chosen by the system, no other peers.
    Test,
    /// Reverts [`Profile::Test`].
    DefaultNetworking,
    /// Few connections, no services for other peers.
    LowPower,
    /// Announces nothing.
    AnnounceOff,
    /// Reverts [`Profile::AnnounceOff`].
    AnnounceOn,
    /// A random port for peers.
    RandomPorts,
    /// CIDs as of 2015: version 0. See <https://specs.ipfs.tech/ipips/ipip-0499/>.
    UnixfsV0,
    /// CIDs as recommended in 2025: version 1. See <https://specs.ipfs.tech/ipips/ipip-0499/>.
    UnixfsV1,
    /// AutoConf: network settings from a published file.
    AutoconfOn,
    /// No published network settings.
    AutoconfOff,
    /// Kubo's datastore profiles. Cairn has one store: no effect.
    Datastore,
}

/// Kubo's names, sorted.
const NAMES: &[(&str, Profile)] = &[
    ("announce-off", Profile::AnnounceOff),
    ("announce-on", Profile::AnnounceOn),
    ("autoconf-off", Profile::AutoconfOff),
    ("autoconf-on", Profile::AutoconfOn),
    ("badgerds", Profile::Datastore),
    ("badgerds-measure", Profile::Datastore),
    ("default-datastore", Profile::Datastore),
    ("default-networking", Profile::DefaultNetworking),
    ("flatfs", Profile::Datastore),
    ("flatfs-measure", Profile::Datastore),
    ("legacy-cid-v0", Profile::UnixfsV0),
    ("local-discovery", Profile::LocalDiscovery),
    ("lowpower", Profile::LowPower),
    ("pebbleds", Profile::Datastore),
    ("pebbleds-measure", Profile::Datastore),
    ("randomports", Profile::RandomPorts),
    ("server", Profile::Server),
    ("test", Profile::Test),
    ("unixfs-v0-2015", Profile::UnixfsV0),
    ("unixfs-v1-2025", Profile::UnixfsV1),
];

/// Address ranges that are useless to other peers: the special ranges of RFC 6890 and similar ones.
const NOT_PUBLIC: &[&str] = &[
    "/ip4/10.0.0.0/ipcidr/8",
    "/ip4/100.64.0.0/ipcidr/10",
    "/ip4/127.0.0.0/ipcidr/8",
    "/ip4/169.254.0.0/ipcidr/16",
    "/ip4/172.16.0.0/ipcidr/12",
    "/ip4/192.0.0.0/ipcidr/24",
    "/ip4/192.0.2.0/ipcidr/24",
    "/ip4/192.168.0.0/ipcidr/16",
    "/ip4/198.18.0.0/ipcidr/15",
    "/ip4/198.51.100.0/ipcidr/24",
    "/ip4/203.0.113.0/ipcidr/24",
    "/ip4/240.0.0.0/ipcidr/4",
    "/ip6/::/ipcidr/3",
    "/ip6/::1/ipcidr/128",
    "/ip6/100::/ipcidr/64",
    "/ip6/2001:2::/ipcidr/48",
    "/ip6/2001:db8::/ipcidr/32",
    "/ip6/fc00::/ipcidr/7",
    "/ip6/fe80::/ipcidr/10",
];

/// URL of the network settings that Kubo reads.
const AUTOCONF_URL: &str = "https://conf.ipfs-mainnet.org/autoconf.json";

impl Profile {
    /// The profile with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        NAMES
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, profile)| *profile)
    }

    /// Every name, sorted.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|(name, _)| *name)
    }

    /// Changes a configuration.
    ///
    /// # Errors
    /// When [`Profile::RandomPorts`] finds no free port.
    pub fn apply(self, config: &mut Config) -> Result<(), ConfigError> {
        match self {
            Self::Server => {
                add_not_public(&mut config.addresses.no_announce);
                add_not_public(&mut config.swarm.addr_filters);
                config.discovery.mdns.enabled = false;
                config.swarm.disable_nat_port_map = true;
            }
            Self::LocalDiscovery => {
                drop_not_public(&mut config.addresses.no_announce);
                drop_not_public(&mut config.swarm.addr_filters);
                config.discovery.mdns.enabled = true;
                config.swarm.disable_nat_port_map = false;
            }
            Self::Test => test(config),
            Self::DefaultNetworking => {
                config.addresses = Addresses::initial();
                config.bootstrap = auto();
                config.auto_conf.enabled = None;
                config.auto_conf.url = None;
                config.swarm.disable_nat_port_map = false;
                config.discovery.mdns.enabled = true;
                config.auto_tls.enabled = None;
            }
            Self::LowPower => {
                config.routing.kind = Some("autoclient".to_owned());
                config.auto_nat.service_mode = Some(AutoNatMode::Disabled);
                config.swarm.relay_service.enabled = Some(false);
                let connections = &mut config.swarm.conn_mgr;
                connections.kind = Some("basic".to_owned());
                connections.low_water = Some(20);
                connections.high_water = Some(40);
                connections.grace_period = duration(60);
            }
            Self::AnnounceOff => {
                config.provide.enabled = Some(false);
                config.provide.dht.interval = duration(0);
            }
            Self::AnnounceOn => {
                config.provide.enabled = Some(true);
                config.provide.dht.interval = duration(22 * 3_600);
            }
            Self::RandomPorts => {
                let port = free_port()?;
                config.addresses.swarm = Some(vec![
                    format!("/ip4/0.0.0.0/tcp/{port}"),
                    format!("/ip6/::/tcp/{port}"),
                ]);
            }
            Self::UnixfsV0 => unixfs(config, 0, false, 262_144, 174, "links"),
            Self::UnixfsV1 => unixfs(config, 1, true, 1 << 20, 1_024, "block"),
            Self::AutoconfOn => {
                config.bootstrap = auto();
                config.dns.resolvers = Some([(".".to_owned(), "auto".to_owned())].into());
                config.routing.delegated_routers = auto();
                config.ipns.delegated_publishers = auto();
                config.auto_conf.enabled = Some(true);
                config
                    .auto_conf
                    .url
                    .get_or_insert_with(|| AUTOCONF_URL.to_owned());
            }
            Self::AutoconfOff => {
                config.bootstrap = None;
                config.dns.resolvers = None;
                config.routing.delegated_routers = None;
                config.ipns.delegated_publishers = None;
                config.auto_conf.enabled = Some(false);
            }
            Self::Datastore => {}
        }
        Ok(())
    }
}

fn duration(seconds: i32) -> OptionalDuration {
    OptionalDuration(Some(GoDuration::from_secs(seconds)))
}

fn test(config: &mut Config) {
    config.addresses.api = StringOrList::one("/ip4/127.0.0.1/tcp/0");
    config.addresses.gateway = StringOrList::one("/ip4/127.0.0.1/tcp/0");
    config.addresses.swarm = list(&["/ip4/127.0.0.1/tcp/0"]);
    config.swarm.disable_nat_port_map = true;
    config.routing.loopback_addresses_on_lan_dht = Some(true);
    config.bootstrap = list(&[]);
    config.discovery.mdns.enabled = false;
    config.auto_tls.enabled = Some(false);
    config.auto_conf.enabled = Some(false);
    config.dns.resolvers = Some([].into());
    config.routing.delegated_routers = list(&[]);
    config.ipns.delegated_publishers = list(&[]);
}

fn unixfs(
    config: &mut Config,
    version: i64,
    raw_leaves: bool,
    chunk: u32,
    links: i64,
    estimation: &str,
) {
    let import = &mut config.import;
    import.cid_version = Some(version);
    import.unixfs_raw_leaves = Some(raw_leaves);
    import.unixfs_chunker = Some(format!("size-{chunk}"));
    import.hash_function = Some("sha2-256".to_owned());
    import.unixfs_file_max_links = Some(links);
    import.unixfs_directory_max_links = Some(0);
    import.unixfs_hamt_directory_max_fanout = Some(256);
    import.unixfs_hamt_directory_size_threshold = "256KiB".parse().ok();
    import.unixfs_hamt_directory_size_estimation = Some(estimation.to_owned());
    import.unixfs_dag_layout = Some("balanced".to_owned());
}

fn add_not_public(ranges: &mut Option<Vec<String>>) {
    let ranges = ranges.get_or_insert_default();
    for range in NOT_PUBLIC {
        if !ranges.iter().any(|present| present == range) {
            ranges.push((*range).to_owned());
        }
    }
}

fn drop_not_public(ranges: &mut Option<Vec<String>>) {
    ranges
        .get_or_insert_default()
        .retain(|range| !NOT_PUBLIC.contains(&range.as_str()));
}

fn free_port() -> Result<u16, ConfigError> {
    TcpListener::bind("[::]:0")
        .or_else(|_| TcpListener::bind("0.0.0.0:0"))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(|error| ConfigError::Value {
            key: "Addresses.Swarm".to_owned(),
            problem: format!("no free port was found: {error}"),
        })
}
