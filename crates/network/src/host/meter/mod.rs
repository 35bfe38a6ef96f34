//! Bytes on streams, counted in total, by peer and by protocol, and the streams that are open.
//!
//! The protocol of a stream is not told to a transport. It is read from the answer of the side that accepts it: multistream-select
//! begins every stream. See <https://github.com/multiformats/multistream-select>.

mod stream;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use cairn_store::network::{Direction, Traffic};
use libp2p::{Multiaddr, PeerId};
use parking_lot::Mutex;

pub(super) use self::stream::CountedMuxer;

/// Peers that are counted. Above that, those without a connection are forgotten.
const MAX_PEERS: usize = 4_096;

/// Protocols that are counted. Further ones are counted in total and by peer only.
const MAX_PROTOCOLS: usize = 256;

/// How much of the rate is from the last second.
const RATE_WEIGHT: f64 = 0.25;

/// Two counters, and their rates.
#[derive(Debug, Default)]
pub(super) struct Counter {
    received: AtomicU64,
    sent: AtomicU64,
    rate: Mutex<Rate>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Rate {
    received: u64,
    sent: u64,
    received_rate: f64,
    sent_rate: f64,
}

impl Counter {
    fn add(&self, received: u64, sent: u64) {
        if received > 0 {
            self.received.fetch_add(received, Ordering::Relaxed);
        }
        if sent > 0 {
            self.sent.fetch_add(sent, Ordering::Relaxed);
        }
    }

    fn tick(&self, seconds: f64) {
        let (received, sent) = (
            self.received.load(Ordering::Relaxed),
            self.sent.load(Ordering::Relaxed),
        );
        let mut rate = self.rate.lock();
        let next = |old: f64, bytes: u64| {
            // A rate in bytes needs no more digits than a float has.
            #[allow(clippy::cast_precision_loss)]
            let now = bytes as f64 / seconds;
            let next = old + RATE_WEIGHT * (now - old);
            if next < 0.01 { 0.0 } else { next }
        };
        *rate = Rate {
            received,
            sent,
            received_rate: next(rate.received_rate, received.saturating_sub(rate.received)),
            sent_rate: next(rate.sent_rate, sent.saturating_sub(rate.sent)),
        };
    }

    fn traffic(&self) -> Traffic {
        let rate = *self.rate.lock();
        Traffic {
            received: self.received.load(Ordering::Relaxed),
            sent: self.sent.load(Ordering::Relaxed),
            received_rate: rate.received_rate,
            sent_rate: rate.sent_rate,
        }
    }
}

/// All counters of a host.
#[derive(Clone, Debug)]
pub(super) struct Meters(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    started: Instant,
    /// Whether bytes are counted; streams always are.
    bytes: bool,
    total: Counter,
    peers: Mutex<HashMap<PeerId, Arc<Counter>>>,
    protocols: Mutex<HashMap<Arc<str>, Arc<Counter>>>,
    connections: Mutex<HashMap<PeerId, Vec<Weak<ConnectionMeter>>>>,
    ticked: Mutex<Instant>,
}

/// What is counted of one connection.
#[derive(Debug)]
pub(super) struct ConnectionMeter {
    meters: Meters,
    peer: Arc<Counter>,
    direction: Direction,
    address: Multiaddr,
    inbound: AtomicUsize,
    outbound: AtomicUsize,
    /// Protocols of the open streams, by number; `None` while it is negotiated.
    streams: Mutex<HashMap<u64, Option<Arc<str>>>>,
    next: AtomicU64,
    /// When a byte was last sent or received, and the same for bitswap, in milliseconds since the host was started.
    active: AtomicU64,
    exchanged: AtomicU64,
}

impl Meters {
    pub(super) fn new(bytes: bool) -> Self {
        Self(Arc::new(Inner {
            started: Instant::now(),
            bytes,
            total: Counter::default(),
            peers: Mutex::default(),
            protocols: Mutex::default(),
            connections: Mutex::default(),
            ticked: Mutex::new(Instant::now()),
        }))
    }

    /// Whether bytes are counted.
    pub(super) fn count_bytes(&self) -> bool {
        self.0.bytes
    }

    /// Begins to count a connection.
    pub(super) fn connection(
        &self,
        peer: PeerId,
        direction: Direction,
        address: Multiaddr,
    ) -> Arc<ConnectionMeter> {
        let counter = {
            let mut peers = self.0.peers.lock();
            if peers.len() >= MAX_PEERS && !peers.contains_key(&peer) {
                peers.retain(|_, counter| Arc::strong_count(counter) > 1);
            }
            Arc::clone(peers.entry(peer).or_default())
        };
        let meter = Arc::new(ConnectionMeter {
            meters: self.clone(),
            peer: counter,
            direction,
            address,
            inbound: AtomicUsize::new(0),
            outbound: AtomicUsize::new(0),
            streams: Mutex::default(),
            next: AtomicU64::new(0),
            active: AtomicU64::new(self.millis()),
            exchanged: AtomicU64::new(0),
        });
        let mut connections = self.0.connections.lock();
        let of_peer = connections.entry(peer).or_default();
        of_peer.retain(|meter| meter.strong_count() > 0);
        of_peer.push(Arc::downgrade(&meter));
        meter
    }

    /// The counters of an established connection.
    pub(super) fn find(
        &self,
        peer: &PeerId,
        direction: Direction,
        address: &Multiaddr,
    ) -> Option<Arc<ConnectionMeter>> {
        let connections = self.0.connections.lock();
        let mut of_peer = connections
            .get(peer)?
            .iter()
            .rev()
            .filter_map(Weak::upgrade);
        of_peer.find(|meter| meter.direction == direction && meter.address == *address)
    }

    /// Updates the rates, and forgets closed connections. To be called each second.
    pub(super) fn tick(&self) {
        let now = Instant::now();
        let seconds = {
            let mut ticked = self.0.ticked.lock();
            let seconds = now.saturating_duration_since(*ticked).as_secs_f64();
            *ticked = now;
            seconds
        };
        self.0.connections.lock().retain(|_, of_peer| {
            of_peer.retain(|meter| meter.strong_count() > 0);
            !of_peer.is_empty()
        });
        if !self.0.bytes || seconds <= 0.0 {
            return;
        }
        self.0.total.tick(seconds);
        for counter in self.0.peers.lock().values() {
            counter.tick(seconds);
        }
        for counter in self.0.protocols.lock().values() {
            counter.tick(seconds);
        }
    }

    pub(super) fn total(&self) -> Traffic {
        self.0.total.traffic()
    }

    pub(super) fn of_peer(&self, peer: &PeerId) -> Traffic {
        let peers = self.0.peers.lock();
        peers
            .get(peer)
            .map(|counter| counter.traffic())
            .unwrap_or_default()
    }

    pub(super) fn of_protocol(&self, protocol: &str) -> Traffic {
        let protocols = self.0.protocols.lock();
        protocols
            .get(protocol)
            .map(|counter| counter.traffic())
            .unwrap_or_default()
    }

    fn protocol(&self, name: &Arc<str>) -> Option<Arc<Counter>> {
        let mut protocols = self.0.protocols.lock();
        if protocols.len() >= MAX_PROTOCOLS && !protocols.contains_key(name) {
            return None;
        }
        Some(Arc::clone(protocols.entry(Arc::clone(name)).or_default()))
    }

    fn millis(&self) -> u64 {
        u64::try_from(self.0.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn since(&self, millis: u64) -> Duration {
        Duration::from_millis(self.millis().saturating_sub(millis))
    }
}

impl ConnectionMeter {
    /// Protocols of the open streams; empty while it is negotiated. And how many the peer and this node opened.
    pub(super) fn streams(&self) -> Vec<String> {
        let streams = self.streams.lock();
        let names = streams.values();
        names
            .map(|name| name.as_deref().unwrap_or_default().to_owned())
            .collect()
    }

    /// Streams that the peer opened, and that this node opened.
    pub(super) fn counts(&self) -> (usize, usize) {
        (
            self.inbound.load(Ordering::Relaxed),
            self.outbound.load(Ordering::Relaxed),
        )
    }

    /// How long no byte was sent or received.
    pub(super) fn idle(&self) -> Duration {
        self.meters.since(self.active.load(Ordering::Relaxed))
    }

    /// How long no block was exchanged; `None` if none ever was.
    pub(super) fn since_exchange(&self) -> Option<Duration> {
        match self.exchanged.load(Ordering::Relaxed) {
            0 => None,
            at => Some(self.meters.since(at)),
        }
    }
}
