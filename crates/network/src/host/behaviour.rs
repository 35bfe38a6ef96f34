//! The parts of the swarm, composed. Each is guarded against its own panics.

use libp2p::connection_limits::{self, ConnectionLimits};
use libp2p::swarm::NetworkBehaviour;
use libp2p::swarm::behaviour::toggle::Toggle;
use libp2p::{PeerId, autonat, dcutr, identify, mdns, memory_connection_limits, relay, upnp};
use tokio::sync::mpsc;

use super::guard::Guard;
use super::settings::{RelayService, Settings};
use super::start::Modules;
use super::state::Shared;
use super::{announce, book, keep, ping, protocols, reachability, trim};
use crate::convert::peer_of;
use crate::{bitswap, pubsub, routing, streams};

/// The version of the protocols as in Kubo's identify messages.
const PROTOCOL_VERSION: &str = "ipfs/0.1.0";

/// The parts of the swarm. Those that refuse connections come first.
#[derive(NetworkBehaviour)]
pub(super) struct Behaviour {
    limits: Toggle<Guard<connection_limits::Behaviour>>,
    memory: Toggle<Guard<memory_connection_limits::Behaviour>>,
    book: Guard<book::Behaviour>,
    identify: Guard<announce::Behaviour>,
    ping: Guard<ping::Behaviour>,
    protocols: Guard<protocols::Behaviour>,
    keep: Guard<keep::Behaviour>,
    trim: Guard<trim::Behaviour>,
    relay_client: Toggle<Guard<relay::client::Behaviour>>,
    relay_server: Toggle<Guard<relay::Behaviour>>,
    hole_punching: Toggle<Guard<dcutr::Behaviour>>,
    reachability: Toggle<Guard<reachability::Behaviour>>,
    reachability_server: Toggle<Guard<autonat::v2::server::Behaviour>>,
    reachability_v1: Toggle<Guard<autonat::v1::Behaviour>>,
    mdns: Toggle<Guard<mdns::tokio::Behaviour>>,
    port_mapping: Toggle<Guard<upnp::tokio::Behaviour>>,
    bitswap: Toggle<Guard<bitswap::Behaviour>>,
    routing: Toggle<Guard<routing::Behaviour>>,
    pubsub: Toggle<Guard<pubsub::Behaviour>>,
    streams: Toggle<Guard<streams::Behaviour>>,
}

fn guarded<B>(name: &'static str, behaviour: Option<B>) -> Toggle<Guard<B>> {
    behaviour
        .map(|behaviour| Guard::new(name, behaviour))
        .into()
}

impl Behaviour {
    /// # Panics
    /// Outside a tokio runtime.
    pub(super) fn new(
        settings: &Settings,
        shared: &Shared,
        pings: mpsc::Receiver<ping::Request>,
        relays: Option<relay::client::Behaviour>,
        modules: Modules,
    ) -> Self {
        let local = shared.local;
        let private = settings.swarm_key.is_some();
        let limits = &settings.limits;
        // Without a signed record of addresses: the library signs it in a form of its own, and js-libp2p then refuses the
        // whole message, so that Helia would not know which protocols this node speaks.
        let identify =
            identify::Config::new(PROTOCOL_VERSION.to_owned(), settings.identity.public())
                .with_agent_version(settings.agent.clone())
                .with_push_listen_addr_updates(true)
                .with_cache_size(0);
        let test = !private && settings.auto_nat.assume.is_none();
        let serve = settings.auto_nat.serve && !private;
        Self {
            limits: guarded(
                "limits",
                limits.enabled.then(|| connection_limits(settings)),
            ),
            memory: guarded(
                "memory limit",
                limits
                    .memory
                    .filter(|_| limits.enabled)
                    .map(memory_connection_limits::Behaviour::with_max_bytes),
            ),
            book: Guard::new("peers", book::Behaviour::new(shared.book.clone())),
            identify: Guard::new(
                "identify",
                announce::Behaviour::new(identify::Behaviour::new(identify), shared.policy.clone()),
            ),
            ping: Guard::new("ping", ping::Behaviour::new(pings)),
            protocols: Guard::new("protocols", protocols::Behaviour(shared.protocols.clone())),
            keep: Guard::new(
                "peering",
                keep::Behaviour::new(
                    shared.peerings.clone(),
                    settings.bootstrap.iter().map(Into::into).collect(),
                ),
            ),
            trim: Guard::new(
                "trim",
                trim::Behaviour::new(
                    settings.connections.clone(),
                    shared.meters.clone(),
                    shared.peerings.clone(),
                    shared.protected.clone(),
                ),
            ),
            hole_punching: guarded(
                "hole punching",
                (relays.is_some() && settings.relay.hole_punching)
                    .then(|| dcutr::Behaviour::new(local)),
            ),
            relay_client: guarded("relay client", relays),
            relay_server: guarded(
                "relay service",
                settings
                    .relay
                    .serve
                    .as_ref()
                    .map(|service| relay_service(local, service, &shared.policy)),
            ),
            reachability: guarded("AutoNAT", test.then(reachability::Behaviour::new)),
            reachability_server: guarded(
                "AutoNAT service",
                serve.then(autonat::v2::server::Behaviour::default),
            ),
            reachability_v1: guarded(
                "AutoNAT service",
                serve.then(|| autonat_v1(local, settings)),
            ),
            port_mapping: guarded(
                "port mapping",
                (settings.map_ports && !private).then(upnp::tokio::Behaviour::default),
            ),
            bitswap: guarded("bitswap", modules.bitswap),
            routing: guarded("routing", modules.routing),
            pubsub: guarded("pubsub", modules.pubsub),
            streams: guarded("streams", modules.streams),
            mdns: guarded(
                "mDNS",
                (settings.mdns && !private).then(|| mdns(local)).flatten(),
            ),
        }
    }
}

impl Behaviour {
    /// Replaces the part that belongs to a transport.
    pub(super) fn set_relay_client(&mut self, relays: Option<relay::client::Behaviour>) {
        self.relay_client = guarded("relay client", relays);
    }
}

fn connection_limits(settings: &Settings) -> connection_limits::Behaviour {
    let limits = &settings.limits;
    let mut behaviour = connection_limits::Behaviour::new(
        ConnectionLimits::default()
            .with_max_pending_incoming(Some(limits.pending_inbound))
            .with_max_pending_outgoing(Some(limits.pending_outbound))
            .with_max_established_incoming(Some(limits.inbound))
            .with_max_established_outgoing(Some(limits.outbound))
            .with_max_established(Some(limits.total))
            .with_max_established_per_peer(Some(limits.per_peer)),
    );
    let allowed = limits.allow.iter().map(Into::into);
    for peer in allowed.filter_map(|address| peer_of(&address)) {
        behaviour.bypass_peer_id(&peer);
    }
    behaviour
}

fn relay_service(
    local: PeerId,
    service: &RelayService,
    policy: &announce::Policy,
) -> relay::Behaviour {
    let config = relay::Config {
        max_reservations: service.reservations,
        reservation_duration: service.reservation,
        max_circuits: service.circuits.saturating_mul(4),
        max_circuits_per_peer: service.circuits,
        max_circuit_duration: service.duration,
        max_circuit_bytes: service.bytes,
        ..relay::Config::default()
    };
    let mut behaviour = relay::Behaviour::new(local, config);
    // It tells its clients by which addresses they are reached.
    policy.confirm_fixed(&mut behaviour);
    behaviour
}

fn autonat_v1(local: PeerId, settings: &Settings) -> autonat::v1::Behaviour {
    let throttle = &settings.auto_nat.throttle;
    let config = autonat::v1::Config {
        throttle_clients_global_max: throttle.global,
        throttle_clients_peer_max: throttle.per_peer,
        throttle_clients_period: throttle.interval,
        ..autonat::v1::Config::default()
    };
    autonat::v1::Behaviour::new(local, config)
}

/// Discovery in local networks. Without a network that has multicast there is none.
fn mdns(local: PeerId) -> Option<mdns::tokio::Behaviour> {
    mdns::tokio::Behaviour::new(mdns::Config::default(), local)
        .inspect_err(
            |error| tracing::warn!(%error, "peers of the local network are not discovered"),
        )
        .ok()
}
