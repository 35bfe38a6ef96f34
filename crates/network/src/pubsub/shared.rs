//! What behaviour, handles and subscriptions share.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::Waker;

use futures_util::task::AtomicWaker;
use libp2p::PeerId;
use parking_lot::RwLock;
use tokio::sync::broadcast;

use super::handle::Join;

/// A connected peer. It is removed with its last connection.
#[derive(Debug, Default)]
pub(super) struct Peer {
    /// Whether it takes part in the exchange of messages, as far as that is known.
    pub(super) takes_part: bool,
    /// Its topics; the subscription filter bounds them.
    pub(super) topics: HashSet<String>,
}

/// Joins that wait for a receiver. A slower one loses the oldest.
const MAX_JOINS: usize = 256;

/// Snapshots for handles, written by the behaviour.
#[derive(Debug)]
pub(super) struct Shared {
    /// Subscribed topics.
    pub(super) topics: RwLock<BTreeSet<String>>,
    /// Connected peers.
    pub(super) peers: RwLock<HashMap<PeerId, Peer>>,
    /// Messages that slow readers lost.
    pub(super) lost: AtomicU64,
    /// Peers that join subscribed topics.
    pub(super) joins: broadcast::Sender<Join>,
    /// Whether a subscription was dropped since the behaviour looked.
    dropped: AtomicBool,
    waker: AtomicWaker,
}

impl Default for Shared {
    fn default() -> Self {
        Self {
            topics: RwLock::default(),
            peers: RwLock::default(),
            lost: AtomicU64::default(),
            joins: broadcast::Sender::new(MAX_JOINS),
            dropped: AtomicBool::default(),
            waker: AtomicWaker::new(),
        }
    }
}

impl Shared {
    /// Remembers which task to wake when a subscription is dropped.
    pub(super) fn register(&self, waker: &Waker) {
        self.waker.register(waker);
    }

    /// Signals that a subscription was dropped.
    pub(super) fn signal(&self) {
        self.dropped.store(true, Ordering::Release);
        self.waker.wake();
    }

    /// Whether a subscription was dropped since the last call.
    pub(super) fn take_signal(&self) -> bool {
        self.dropped.swap(false, Ordering::AcqRel)
    }

    /// Peers of a topic, or all.
    pub(super) fn peers_of(&self, topic: Option<&str>) -> Vec<PeerId> {
        let peers = self.peers.read();
        let of_topic = peers.iter().filter(|(_, peer)| match topic {
            Some(topic) => peer.topics.contains(topic),
            None => peer.takes_part,
        });
        of_topic.map(|(id, _)| *id).collect()
    }
}
