//! Finding peers of a topic that are not connected.
//!
//! Kubo announces each of its topics in the DHT as a provider of [`topic_cid`], and looks for providers of it while the topic
//! has few peers.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::future::Future as _;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use cairn_primitives::Cid;
use cairn_primitives::cid::Codec;
use cairn_primitives::multihash::Multihash;
use cairn_store::network::PeerAddresses;
use futures_util::StreamExt as _;
use futures_util::stream::{BoxStream, SelectAll};
use libp2p::swarm::dial_opts::{DialOpts, PeerCondition};
use tokio::time::{Instant, Sleep};

use crate::Providers;

/// Time between two looks at the topics.
const INTERVAL: Duration = Duration::from_secs(1);

/// Time until a topic is looked up again; doubles with each lookup, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(60);

/// The longest time until a topic is looked up again.
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);

/// Time between two announcements of a topic: half of the time that a record is kept.
const ANNOUNCE: Duration = Duration::from_secs(11 * 3600);

/// Lookups at the same time. Further topics wait.
const MAX_LOOKUPS: usize = 8;

/// Peers that a lookup finds at most.
const MAX_FOUND: usize = 100;

/// The time that a lookup takes at most.
const MAX_TIME: Duration = Duration::from_secs(10);

/// Peers with which a topic needs no lookup.
pub(super) const ENOUGH_PEERS: usize = 6;

/// Finds peers by topic.
#[derive(Clone)]
#[non_exhaustive]
pub struct Discovery {
    /// Finds the peers that announce a topic.
    pub providers: Arc<dyn Providers>,
    /// Announces that this node provides a CID; `None` to find others only. Must return at once.
    pub announce: Option<Arc<dyn Fn(Cid) + Send + Sync>>,
}

impl Discovery {
    /// Finds the peers that announce a topic, and announces the topics of this node.
    #[must_use]
    pub fn new(
        providers: Arc<dyn Providers>,
        announce: Option<Arc<dyn Fn(Cid) + Send + Sync>>,
    ) -> Self {
        Self {
            providers,
            announce,
        }
    }
}

impl fmt::Debug for Discovery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Discovery").finish_non_exhaustive()
    }
}

/// The CID whose providers take part in a topic: of the raw codec, with the hash of `floodsub:` and the topic.
#[must_use]
pub fn topic_cid(topic: &str) -> Cid {
    let hash = Multihash::sha2_256(format!("floodsub:{topic}").as_bytes());
    Cid::v1(Codec::RAW, hash)
}

/// Lookups and announcements of the subscribed topics.
pub(super) struct Lookups {
    discovery: Discovery,
    topics: HashMap<String, Schedule>,
    running: SelectAll<BoxStream<'static, PeerAddresses>>,
    timer: Option<Pin<Box<Sleep>>>,
}

/// When a topic is looked up and announced.
struct Schedule {
    look_up: Instant,
    pause: Duration,
    announce: Instant,
}

impl Lookups {
    pub(super) fn new(discovery: Discovery) -> Self {
        Self {
            discovery,
            topics: HashMap::new(),
            running: SelectAll::new(),
            timer: None,
        }
    }

    /// Starts what is due, and returns how to connect to the next peer that was found. `needs_peers` tells which topics are
    /// looked up.
    pub(super) fn poll(
        &mut self,
        context: &mut Context<'_>,
        topics: impl Fn() -> BTreeSet<String>,
        needs_peers: impl Fn(&str) -> bool,
    ) -> Poll<DialOpts> {
        loop {
            let timer = self
                .timer
                .get_or_insert_with(|| Box::pin(tokio::time::sleep(Duration::ZERO)));
            if timer.as_mut().poll(context).is_pending() {
                break;
            }
            timer.as_mut().reset(Instant::now() + INTERVAL);
            self.start(&topics(), &needs_peers);
        }
        match self.running.poll_next_unpin(context) {
            Poll::Ready(Some(found)) => Poll::Ready(dial(&found)),
            _ => Poll::Pending,
        }
    }

    fn start(&mut self, topics: &BTreeSet<String>, needs_peers: &impl Fn(&str) -> bool) {
        let now = Instant::now();
        self.topics.retain(|topic, _| topics.contains(topic));
        for topic in topics {
            let schedule = self.topics.entry(topic.clone()).or_insert(Schedule {
                look_up: now,
                pause: FIRST_PAUSE,
                announce: now,
            });
            if let Some(announce) = &self.discovery.announce
                && schedule.announce <= now
            {
                schedule.announce = now + ANNOUNCE;
                announce(topic_cid(topic));
            }
            if schedule.look_up <= now && self.running.len() < MAX_LOOKUPS && needs_peers(topic) {
                schedule.look_up = now + schedule.pause;
                schedule.pause = (schedule.pause * 2).min(LONGEST_PAUSE);
                let found = self.discovery.providers.find(&topic_cid(topic));
                let until = tokio::time::sleep(MAX_TIME);
                self.running
                    .push(found.take(MAX_FOUND).take_until(until).boxed());
            }
        }
    }
}

/// How to connect to a peer.
fn dial(found: &PeerAddresses) -> DialOpts {
    let addresses = found.addresses.iter().map(Into::into);
    let options = DialOpts::peer_id((&found.peer).into())
        .addresses(addresses.collect())
        .extend_addresses_through_behaviour()
        .condition(PeerCondition::DisconnectedAndNotDialing);
    options.build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_have_the_cid_that_kubo_announces() {
        // sha2-256 of "floodsub:test".
        let cid = topic_cid("test");
        assert_eq!(cid.codec(), Codec::RAW);
        assert_eq!(*cid.hash(), Multihash::sha2_256(b"floodsub:test"));
    }
}
