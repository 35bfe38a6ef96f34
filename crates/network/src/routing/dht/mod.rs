//! One DHT: Kademlia by `libp2p-kad`, with addresses of its own network only, and the lookups of this node.
//!
//! Spec: <https://github.com/libp2p/specs/blob/master/kad-dht/README.md>

mod behaviour;
mod known;
mod lookup;
pub(crate) mod scope;
mod shared;
mod store;

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use cairn_store::network::{Bucket, RoutingTable, TablePeer};
use libp2p::core::Endpoint;
use libp2p::kad::{
    self, BucketInserts, Caching, Event, GetClosestPeersError, GetClosestPeersOk, GetProvidersOk,
    GetRecordOk, NodeStatus, PeerInfo, PutRecordError, QueryId, QueryResult, Quorum, StoreInserts,
};
use libp2p::multiaddr::Protocol;
use libp2p::swarm::{ConnectionId, NetworkBehaviour};
use libp2p::{Multiaddr, PeerId};
use tokio::sync::mpsc;
use tokio::time::Sleep;

use self::known::Known;
pub(crate) use self::lookup::{Command, EVENTS, Failure, Found, Request};
use self::lookup::{Kind, Lookup, send};
use self::scope::Scope;
pub(crate) use self::shared::Shared;
use self::store::{Bounds, Store};
use super::settings::Settings;
use crate::convert;

/// Requests that wait for the DHT; senders of more wait.
const COMMANDS: usize = 64;
/// Requests that run at once; further ones fail.
const LOOKUPS: usize = 512;
/// Peers that are asked at the same time in one lookup, as in Kubo.
const PARALLELISM: NonZeroUsize = NonZeroUsize::new(10).unwrap();
/// Maximum size of a message, in bytes. Those of peers with many addresses are larger than libp2p's default of 16 KiB.
const MESSAGE: usize = 64 << 10;
/// Time between two refreshes of the routing table, as in Kubo.
const REFRESH: Duration = Duration::from_secs(600);
/// Time between two removals of expired records.
const EXPIRE: Duration = Duration::from_secs(300);
/// Time after which a dropped lookup is noticed at the latest, and the published routing table renewed.
const TICK: Duration = Duration::from_millis(250);
/// The same while there is nothing to do.
const IDLE: Duration = Duration::from_secs(60);
/// Addresses of a found peer.
const ADDRESSES: usize = 32;

/// One DHT.
pub struct Dht {
    scope: Scope,
    kad: kad::Behaviour<Store>,
    local: PeerId,
    server: bool,
    known: Known,
    commands: mpsc::Receiver<Command>,
    lookups: HashMap<QueryId, Lookup>,
    shared: Arc<Shared>,
    /// Whether a peer has answered since the lookups of peers were last checked.
    progress: bool,
    /// Whether the published routing table is out of date.
    table_changed: bool,
    refreshed: Option<(Instant, SystemTime)>,
    expired: Instant,
    timer: Pin<Box<Sleep>>,
}

/// The other end of a [`Dht`].
#[derive(Clone)]
pub(crate) struct DhtHandle {
    pub(crate) commands: mpsc::Sender<Command>,
    pub(crate) shared: Arc<Shared>,
}

impl Dht {
    /// Creates a DHT that serves others if `server`. Must be called in a tokio runtime.
    pub(crate) fn new(
        settings: &Settings,
        scope: Scope,
        local: PeerId,
        server: bool,
    ) -> (Self, DhtHandle) {
        let mut config = kad::Config::new(scope.protocol());
        config
            .set_kbucket_inserts(BucketInserts::Manual)
            .set_record_filtering(StoreInserts::Unfiltered)
            .set_replication_interval(None)
            .set_publication_interval(None)
            .set_provider_publication_interval(None)
            .set_record_ttl(Some(Duration::from_secs(48 * 3600)))
            .set_provider_record_ttl(Some(settings.provider_ttl))
            .set_caching(Caching::Disabled)
            .set_periodic_bootstrap_interval(None)
            .set_parallelism(PARALLELISM)
            .set_max_packet_size(MESSAGE)
            .set_query_timeout(settings.query_timeout);
        let bounds = Bounds {
            values: settings.value_bytes,
            providers: settings.provider_bytes,
        };
        let store = Store::new(local, scope, bounds);
        let mut kad = kad::Behaviour::with_config(local, store, config);
        kad.set_mode(Some(mode(server)));
        let (sender, commands) = mpsc::channel(COMMANDS);
        let shared = Arc::new(Shared::new(server));
        let dht = Self {
            scope,
            kad,
            local,
            server,
            known: Known::default(),
            commands,
            lookups: HashMap::new(),
            shared: Arc::clone(&shared),
            progress: false,
            table_changed: false,
            refreshed: None,
            expired: Instant::now(),
            timer: Box::pin(tokio::time::sleep(IDLE)),
        };
        let commands = sender;
        (dht, DhtHandle { commands, shared })
    }

    fn start(&mut self, Command { request, events }: Command) {
        if events.is_closed() {
            return;
        }
        if self.lookups.len() >= LOOKUPS {
            return send(&events, Found::Failed(Failure::Busy));
        }
        let is_empty = self.kad.kbuckets().next().is_none();
        let needs_peers = !matches!(request, Request::Providers(_) | Request::Value(_));
        if let Request::Peer(peer) = &request {
            let addresses = self.addresses(peer);
            if !addresses.is_empty() {
                return send(&events, Found::Peer(peer_info(*peer, addresses)));
            }
        }
        if is_empty && needs_peers {
            return send(&events, Found::Failed(Failure::NoPeers));
        }
        let mut kind = Kind::Other;
        let query = match request {
            Request::Closest(key) => self.kad.get_closest_peers(key),
            Request::Peer(peer) => {
                kind = Kind::Peer(peer);
                self.kad.get_closest_peers(peer)
            }
            Request::Providers(key) => {
                kind = Kind::Providers(key.clone());
                self.kad.get_providers(key)
            }
            Request::Value(key) => self.kad.get_record(key),
            Request::Put(key, value) => {
                // All peers are waited for: with a smaller quorum, those to which a connection is only just opened would not
                // be sent the value.
                match self
                    .kad
                    .put_record(kad::Record::new(key, value), Quorum::All)
                {
                    Ok(query) => query,
                    Err(_) => return send(&events, Found::Failed(Failure::Refused)),
                }
            }
            Request::Provide(key) => match self.kad.start_providing(key) {
                Ok(query) => query,
                Err(_) => return send(&events, Found::Failed(Failure::Refused)),
            },
        };
        self.lookups.insert(query, Lookup::new(kind, events));
        self.shared.set_lookups(self.lookups.len());
        self.wake_within(TICK);
    }

    fn on_event(&mut self, event: Event) {
        match event {
            Event::OutboundQueryProgressed {
                id, result, step, ..
            } => {
                self.on_result(id, result);
                if step.last {
                    self.lookups.remove(&id);
                    self.shared.set_lookups(self.lookups.len());
                }
            }
            Event::UnroutablePeer { peer } => self.on_server(peer),
            Event::RoutablePeer { peer, address }
            | Event::PendingRoutablePeer { peer, address } => {
                self.known.add(&peer, without_peer(address));
                self.on_server(peer);
            }
            Event::RoutingUpdated { .. } => {
                self.table_changed = true;
                self.wake_within(TICK);
            }
            Event::InboundRequest { .. } | Event::ModeChanged { .. } => {}
        }
    }

    fn on_result(&mut self, id: QueryId, result: QueryResult) {
        if let QueryResult::Bootstrap(_) = result {
            self.refreshed = Some((Instant::now(), SystemTime::now()));
            self.table_changed = true;
            return;
        }
        let Some(lookup) = self.lookups.get(&id) else {
            return;
        };
        match result {
            QueryResult::GetClosestPeers(result) => {
                let (peers, failure) = match result {
                    Ok(GetClosestPeersOk { peers, .. }) => (peers, None),
                    Err(GetClosestPeersError::Timeout { peers, .. }) => {
                        (peers, Some(Failure::TimedOut))
                    }
                };
                if let Kind::Other = lookup.kind {
                    let peers = peers.into_iter().map(|peer| {
                        let addresses = peer.addrs.into_iter().map(without_peer);
                        peer_info(peer.peer_id, addresses.collect())
                    });
                    lookup.send(Found::Closest(peers.collect()));
                }
                if let Some(failure) = failure {
                    lookup.send(Found::Failed(failure));
                }
            }
            QueryResult::GetProviders(Ok(GetProvidersOk::FoundProviders { providers, .. })) => {
                for provider in providers {
                    self.on_provider(id, provider);
                }
            }
            QueryResult::GetProviders(Ok(_))
            | QueryResult::GetRecord(Ok(GetRecordOk::FinishedWithNoAdditionalRecord { .. })) => {}
            QueryResult::GetRecord(Ok(GetRecordOk::FoundRecord(found))) => {
                lookup.send(Found::Value {
                    from: found.peer,
                    value: found.record.value,
                });
            }
            QueryResult::GetRecord(Err(kad::GetRecordError::NotFound { .. })) => {}
            QueryResult::GetProviders(Err(_)) | QueryResult::GetRecord(Err(_)) => {
                lookup.send(Found::Failed(Failure::TimedOut));
            }
            QueryResult::PutRecord(Ok(_)) => lookup.send(Found::Stored(None)),
            QueryResult::PutRecord(Err(error)) => {
                let (success, failure) = match error {
                    PutRecordError::QuorumFailed { success, .. } => (success, Failure::NotStored),
                    PutRecordError::Timeout { success, .. } => (success, Failure::TimedOut),
                };
                lookup.send(if success.is_empty() {
                    Found::Failed(failure)
                } else {
                    Found::Stored(Some(success))
                });
            }
            QueryResult::StartProviding(Ok(_)) => lookup.send(Found::Announced),
            QueryResult::StartProviding(Err(_)) => lookup.send(Found::Failed(Failure::TimedOut)),
            QueryResult::Bootstrap(_)
            | QueryResult::RepublishProvider(_)
            | QueryResult::RepublishRecord(_) => {}
        }
    }

    fn on_provider(&mut self, id: QueryId, provider: PeerId) {
        let Some(lookup) = self.lookups.get_mut(&id) else {
            return;
        };
        if !lookup.is_new(provider) {
            return;
        }
        let key = match &lookup.kind {
            Kind::Providers(key) => key.clone(),
            _ => return,
        };
        let mut addresses = self.addresses(&provider);
        for address in self.kad.store_mut().addresses(&key, &provider) {
            if !addresses.contains(&address) && addresses.len() < ADDRESSES {
                addresses.push(address);
            }
        }
        if let Some(lookup) = self.lookups.get(&id) {
            lookup.send(Found::Provider(peer_info(provider, addresses)));
        }
    }

    /// A connected peer serves this DHT: it belongs into the routing table, if it has addresses of the DHT's network.
    fn on_server(&mut self, peer: PeerId) {
        self.known.serves(&peer);
        self.route(&peer);
    }

    /// Puts a peer into the routing table.
    fn route(&mut self, peer: &PeerId) {
        let Some(known) = self.known.get(peer) else {
            return;
        };
        let in_network = match self.scope {
            Scope::Wan => true,
            // An address that a peer of the internet claims does not make it one of the local network.
            Scope::Lan { .. } => known.local,
        };
        if !known.serves || !in_network {
            return;
        }
        for address in &known.addresses {
            if self.scope.routes(address, known.on_this_machine) {
                self.kad.add_address(peer, address.clone());
            }
        }
        self.table_changed = true;
    }

    /// Addresses of a peer from running lookups, the routing table and connections.
    fn addresses(&mut self, peer: &PeerId) -> Vec<Multiaddr> {
        if *peer == self.local {
            return Vec::new();
        }
        // This is where the behaviour tells addresses that it has from answers; it changes nothing.
        let found = self.kad.handle_pending_outbound_connection(
            ConnectionId::new_unchecked(0),
            Some(*peer),
            &[],
            Endpoint::Dialer,
        );
        let known = self.known.get(peer).filter(|known| known.connections > 0);
        let known = known.into_iter().flat_map(|known| known.addresses.clone());
        let mut addresses: Vec<Multiaddr> = Vec::new();
        for address in found.into_iter().flatten().chain(known) {
            let address = without_peer(address);
            if addresses.len() < ADDRESSES
                && self.scope.dials(&address)
                && !addresses.contains(&address)
            {
                addresses.push(address);
            }
        }
        addresses
    }

    /// Ends lookups of peers that were found, and those that nobody waits for.
    fn check_lookups(&mut self, cancelled: bool) {
        let mut ended = Vec::new();
        let mut peers = Vec::new();
        for (id, lookup) in &self.lookups {
            if cancelled && lookup.is_cancelled() {
                ended.push(*id);
            } else if let Kind::Peer(peer) = &lookup.kind
                && self.progress
            {
                peers.push((*id, *peer));
            }
        }
        self.progress = false;
        for (id, peer) in peers {
            let addresses = self.addresses(&peer);
            if !addresses.is_empty()
                && let Some(lookup) = self.lookups.get(&id)
            {
                lookup.send(Found::Peer(peer_info(peer, addresses)));
                ended.push(id);
            }
        }
        for id in ended {
            self.lookups.remove(&id);
            if let Some(mut query) = self.kad.query_mut(&id) {
                query.finish();
            }
        }
        self.shared.set_lookups(self.lookups.len());
    }

    fn on_tick(&mut self) {
        let now = Instant::now();
        self.check_lookups(true);
        if self.table_changed {
            self.table_changed = false;
            let table = self.table();
            self.shared.set_table(table);
        }
        if now.duration_since(self.expired) >= EXPIRE {
            self.expired = now;
            self.kad.store_mut().expire(now);
        }
        let is_due = self
            .refreshed
            .is_none_or(|(at, _)| now.duration_since(at) >= REFRESH);
        if is_due && self.kad.kbuckets().next().is_some() {
            self.refreshed = Some((now, SystemTime::now()));
            if let Err(error) = self.kad.bootstrap() {
                tracing::debug!(%error, "the routing table cannot be refreshed");
            }
        }
        let next = if self.lookups.is_empty() { IDLE } else { TICK };
        self.timer
            .as_mut()
            .reset(tokio::time::Instant::now() + next);
    }

    fn wake_within(&mut self, time: Duration) {
        let at = tokio::time::Instant::now() + time;
        if self.timer.deadline() > at {
            self.timer.as_mut().reset(at);
        }
    }

    fn set_mode(&mut self) {
        let server = self.shared.is_server();
        if server != self.server {
            self.server = server;
            self.kad.set_mode(Some(mode(server)));
        }
    }

    /// The routing table, with buckets by the length of the prefix that a peer's key shares with this node's.
    fn table(&mut self) -> RoutingTable {
        let refreshed = self.refreshed.map(|(_, at)| at);
        let mut buckets: Vec<Bucket> = Vec::new();
        for bucket in self.kad.kbuckets() {
            let distance = bucket.range().1.ilog2().unwrap_or_default();
            let prefix = 255_u32.saturating_sub(distance) as usize;
            let peers = bucket.iter().filter_map(|entry| {
                Some(TablePeer {
                    peer: convert::from_libp2p(entry.node.key.preimage())?,
                    connected: entry.status == NodeStatus::Connected,
                    agent: String::new(),
                    last_useful: None,
                    last_queried: None,
                })
            });
            let peers: Vec<TablePeer> = peers.collect();
            if buckets.len() <= prefix {
                buckets.resize_with(prefix + 1, Bucket::default);
            }
            if let Some(bucket) = buckets.get_mut(prefix) {
                *bucket = Bucket { refreshed, peers };
            }
        }
        RoutingTable { buckets }
    }
}

fn mode(server: bool) -> kad::Mode {
    if server {
        kad::Mode::Server
    } else {
        kad::Mode::Client
    }
}

fn peer_info(peer_id: PeerId, addrs: Vec<Multiaddr>) -> PeerInfo {
    PeerInfo { peer_id, addrs }
}

/// An address without the peer at its end.
fn without_peer(mut address: Multiaddr) -> Multiaddr {
    if let Some(Protocol::P2p(_)) = address.iter().last() {
        address.pop();
    }
    address
}
