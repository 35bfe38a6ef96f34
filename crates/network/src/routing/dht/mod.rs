//! One DHT: Kademlia by `libp2p-kad`, with addresses of its own network only, and the lookups of this node.
//!
//! Spec: <https://github.com/libp2p/specs/blob/master/kad-dht/README.md>

mod answers;
mod behaviour;
mod known;
mod lookup;
mod requests;
pub(crate) mod scope;
mod shared;
mod steps;
mod store;
mod table;

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use libp2p::kad::{self, BucketInserts, Caching, PeerInfo, QueryId, StoreInserts};
use libp2p::multiaddr::Protocol;
use libp2p::{Multiaddr, PeerId};
use tokio::sync::mpsc;
use tokio::time::Sleep;

use self::known::Known;
use self::lookup::Lookup;
pub(crate) use self::lookup::{Command, EVENTS, Failure, Found, Request, Step};
use self::scope::Scope;
pub(crate) use self::shared::Shared;
use self::store::{Bounds, Store};
use super::settings::Settings;

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
