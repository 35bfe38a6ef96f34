//! The configuration as settings of a host.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use cairn_network::host::{
    AutoNat, Connections, Limits, Relay, RelayService, Settings, SwarmKey, Throttle, Transports,
    WssCertificate,
};
use cairn_primitives::Multiaddr;
use cairn_store::network::PeerAddresses;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::error::OnlineError;
use super::{MAINNET_BOOTSTRAP, OnlineOptions};
use crate::bootstrap::AUTO;
use crate::config::sections::{AutoNatMode, Swarm};
use crate::config::{Config, GoDuration, OptionalDuration, Priority};
use crate::identity::Identity;

/// The file in the repository with the key of a private network.
const SWARM_KEY: &str = "swarm.key";

/// Connections of peers that are accepted in any case, as in Kubo.
const MIN_INBOUND: u64 = 800;

/// Settings of the host of a node.
pub(super) fn host(
    config: &Config,
    identity: &Identity,
    repository: &Path,
    options: &OnlineOptions,
) -> Result<Settings, OnlineError> {
    let mut settings = Settings::new(&identity.keys().encode())?;
    let suffix = options
        .agent_suffix
        .as_ref()
        .or(config.version.agent_suffix.as_ref());
    if let Some(suffix) = suffix.filter(|suffix| !suffix.is_empty()) {
        settings.agent = format!("{}/{suffix}", settings.agent);
    }
    let listed = &config.addresses;
    settings.listen = addresses("Addresses.Swarm", listed.swarm.as_deref())?;
    settings.announce = addresses("Addresses.Announce", listed.announce.as_deref())?;
    settings.append_announce = addresses(
        "Addresses.AppendAnnounce",
        listed.append_announce.as_deref(),
    )?;
    settings.no_announce = addresses("Addresses.NoAnnounce", listed.no_announce.as_deref())?;
    settings.transports = transports(&config.swarm)?;
    settings.filters = addresses("Swarm.AddrFilters", config.swarm.addr_filters.as_deref())?;
    settings.connections = connections(&config.swarm)?;
    settings.limits = limits(&config.swarm)?;
    settings.count_bandwidth = !config.swarm.disable_bandwidth_metrics;
    settings.mdns = config.discovery.mdns.enabled;
    settings.swarm_key = swarm_key(repository)?;
    settings.force_private = options.force_private;
    settings.bootstrap = bootstrap(config, settings.swarm_key.is_some())?;
    settings.peering = peering(config)?;
    settings.map_ports = !config.swarm.disable_nat_port_map;
    settings.relay = relay(&config.swarm)?;
    settings.auto_nat = auto_nat(config)?;
    settings.wss = certificate(config, repository)?;
    Ok(settings)
}

fn addresses(key: &'static str, list: Option<&[String]>) -> Result<Vec<Multiaddr>, OnlineError> {
    let parse = |text: &String| {
        text.parse().map_err(|source| OnlineError::Address {
            key,
            value: text.clone(),
            source,
        })
    };
    list.unwrap_or_default().iter().map(parse).collect()
}

fn transports(swarm: &Swarm) -> Result<Transports, OnlineError> {
    let (network, security) = (&swarm.transports.network, &swarm.transports.security);
    if swarm.transports.multiplexers.yamux == Priority::Disabled {
        return Err(OnlineError::Value {
            key: "Swarm.Transports.Multiplexers.Yamux",
            value: "false".to_owned(),
            problem: "there is no other multiplexer",
        });
    }
    let priority = |priority: Priority, default: u64| match priority {
        Priority::Default => Some(default),
        Priority::Disabled => None,
        Priority::At(priority) => Some(priority.unsigned_abs()),
    };
    let default = Transports::default();
    Ok(Transports {
        tcp: network.tcp.unwrap_or(default.tcp),
        quic: network.quic.unwrap_or(default.quic),
        websocket: network.websocket.unwrap_or(default.websocket),
        relay: network.relay.unwrap_or(default.relay),
        tls: priority(security.tls, 100),
        noise: priority(security.noise, 200),
    })
}

fn connections(swarm: &Swarm) -> Result<Connections, OnlineError> {
    let set = &swarm.conn_mgr;
    let default = Connections::default();
    let trim = match set.kind.as_deref() {
        None | Some("" | "basic") => true,
        Some("none") => false,
        Some(other) => {
            return Err(OnlineError::Value {
                key: "Swarm.ConnMgr.Type",
                value: other.to_owned(),
                problem: "\"basic\" or \"none\" is expected",
            });
        }
    };
    Ok(Connections {
        trim,
        low: count("Swarm.ConnMgr.LowWater", set.low_water)?.unwrap_or(default.low),
        high: count("Swarm.ConnMgr.HighWater", set.high_water)?.unwrap_or(default.high),
        grace: duration(&set.grace_period, default.grace),
        interval: duration(&set.silence_period, default.interval),
    })
}

/// The limits as Kubo computes them: an inbound connection for each MB of memory, within the open files.
fn limits(swarm: &Swarm) -> Result<Limits, OnlineError> {
    let set = &swarm.resource_mgr;
    let default = Limits::default();
    let memory = match &set.max_memory {
        Some(size) => size.bytes(),
        None => total_memory() / 2,
    };
    let files = match count(
        "Swarm.ResourceMgr.MaxFileDescriptors",
        set.max_file_descriptors,
    )? {
        Some(files) => files as u64,
        None => open_files() / 2,
    };
    let high = count("Swarm.ConnMgr.HighWater", swarm.conn_mgr.high_water)?;
    let high = high.unwrap_or(Connections::default().high) as u64;
    let inbound = (memory >> 20)
        .max(high * 2)
        .max(MIN_INBOUND)
        .min(files.max(1));
    let total = inbound
        .saturating_add(default.outbound.into())
        .min(files.max(1));
    let bounded = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
    Ok(Limits {
        enabled: set.enabled.unwrap_or(true),
        inbound: bounded(inbound),
        total: bounded(total),
        pending_inbound: bounded(inbound / 4).clamp(16, default.pending_inbound),
        memory: (memory > 0).then(|| usize::try_from(memory).unwrap_or(usize::MAX)),
        allow: addresses("Swarm.ResourceMgr.Allowlist", set.allowlist.as_deref())?,
        ..default
    })
}

fn total_memory() -> u64 {
    let info = rustix::system::sysinfo();
    #[allow(clippy::useless_conversion)]
    u64::from(info.totalram).saturating_mul(info.mem_unit.into())
}

fn open_files() -> u64 {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    limit.current.unwrap_or(u64::MAX)
}

fn swarm_key(repository: &Path) -> Result<Option<SwarmKey>, OnlineError> {
    let path = repository.join(SWARM_KEY);
    let file = match std::fs::read(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(source) => {
            return Err(OnlineError::ReadSwarmKey {
                path,
                source: Arc::new(source),
            });
        }
    };
    SwarmKey::parse(&file)
        .map(Some)
        .map_err(|source| OnlineError::SwarmKey { path, source })
}

/// The bootstrap peers, with those of the public network for `auto`: not in a private one, and not without AutoConf.
fn bootstrap(config: &Config, private: bool) -> Result<Vec<Multiaddr>, OnlineError> {
    let mut peers = Vec::new();
    for text in config.bootstrap.iter().flatten() {
        if text != AUTO {
            peers.push(text.clone());
        } else if config.auto_conf.enabled != Some(false) && !private {
            peers.extend(MAINNET_BOOTSTRAP.iter().map(|peer| (*peer).to_owned()));
        }
    }
    let parsed = addresses("Bootstrap", Some(&peers))?;
    match parsed.iter().find(|address| address.split_peer().is_none()) {
        Some(address) => Err(OnlineError::Peer {
            key: "Bootstrap",
            value: address.to_string(),
        }),
        None => Ok(parsed),
    }
}

fn peering(config: &Config) -> Result<Vec<PeerAddresses>, OnlineError> {
    let peers = config.peering.peers.iter().flatten();
    peers
        .map(|peer| {
            Ok(PeerAddresses {
                peer: peer.id.parse().map_err(|_| OnlineError::Peer {
                    key: "Peering.Peers",
                    value: peer.id.clone(),
                })?,
                addresses: addresses("Peering.Peers", peer.addrs.as_deref())?,
            })
        })
        .collect()
}

fn relay(swarm: &Swarm) -> Result<Relay, OnlineError> {
    let client = swarm.relay_client.enabled.unwrap_or(true);
    let service = &swarm.relay_service;
    let default = RelayService::default();
    let serve = RelayService {
        duration: duration(&service.connection_duration_limit, default.duration),
        bytes: match service.connection_data_limit {
            Some(bytes) => u64::try_from(bytes).unwrap_or(0),
            None => default.bytes,
        },
        reservation: duration(&service.reservation_ttl, default.reservation),
        reservations: count(
            "Swarm.RelayService.MaxReservations",
            service.max_reservations,
        )?
        .unwrap_or(default.reservations),
        circuits: count("Swarm.RelayService.MaxCircuits", service.max_circuits)?
            .unwrap_or(default.circuits),
    };
    Ok(Relay {
        client,
        relays: addresses(
            "Swarm.RelayClient.StaticRelays",
            swarm.relay_client.static_relays.as_deref(),
        )?,
        hole_punching: client && swarm.enable_hole_punching.unwrap_or(true),
        serve: (service.enabled == Some(true)).then_some(serve),
    })
}

fn auto_nat(config: &Config) -> Result<AutoNat, OnlineError> {
    let serve = matches!(
        config.auto_nat.service_mode,
        Some(AutoNatMode::Enabled | AutoNatMode::LegacyV1)
    );
    let mut throttle = Throttle::default();
    if let Some(set) = &config.auto_nat.throttle {
        let limit = |key, number: i64| {
            Ok::<_, OnlineError>(count(key, Some(number))?.filter(|limit| *limit > 0))
        };
        throttle.global =
            limit("AutoNAT.Throttle.GlobalLimit", set.global_limit)?.unwrap_or(throttle.global);
        throttle.per_peer =
            limit("AutoNAT.Throttle.PeerLimit", set.peer_limit)?.unwrap_or(throttle.per_peer);
        throttle.interval = duration(&set.interval, throttle.interval);
    }
    let assume = match config.internal.libp2p_force_reachability.as_deref() {
        None | Some("") => None,
        Some("public") => Some(true),
        Some("private") => Some(false),
        Some(other) => {
            return Err(OnlineError::Value {
                key: "Internal.Libp2pForceReachability",
                value: other.to_owned(),
                problem: "\"public\" or \"private\" is expected",
            });
        }
    };
    Ok(AutoNat {
        serve,
        throttle,
        assume,
    })
}

/// The certificate of the node, which its secure WebSocket listeners share with the faces.
fn certificate(config: &Config, repository: &Path) -> Result<Option<WssCertificate>, OnlineError> {
    let (Some(chain), Some(key)) = (&config.tls.certificate, &config.tls.key) else {
        return Ok(None);
    };
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source: rustls::pki_types::pem::Error| OnlineError::Certificate {
            path,
            source: Arc::new(source),
        }
    };
    let (chain, key) = (repository.join(chain), repository.join(key));
    let certificates = CertificateDer::pem_file_iter(&chain).map_err(failed(&chain))?;
    let certificates: Result<Vec<_>, _> = certificates.collect();
    let certificates = certificates.map_err(failed(&chain))?;
    let private = PrivateKeyDer::from_pem_file(&key).map_err(failed(&key))?;
    Ok(Some(WssCertificate {
        chain: certificates.iter().map(|der| der.to_vec()).collect(),
        key: private.secret_der().to_vec(),
    }))
}

fn count(key: &'static str, number: Option<i64>) -> Result<Option<usize>, OnlineError> {
    let Some(number) = number else {
        return Ok(None);
    };
    usize::try_from(number)
        .map(Some)
        .map_err(|_| OnlineError::Value {
            key,
            value: number.to_string(),
            problem: "a number that is not negative is expected",
        })
}

fn duration(set: &OptionalDuration, default: Duration) -> Duration {
    set.0.map_or(default, GoDuration::to_std)
}
