//! Finding peers, providers and records.

use std::time::SystemTime;

use cairn_primitives::Cid;
use cairn_primitives::keys::PeerId;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use serde_json::Value;

use super::{NetworkError, PeerAddresses};

/// The steps of a lookup, as they happen. An error ends it.
pub type QueryEvents = BoxStream<'static, Result<QueryEvent, NetworkError>>;

/// A step of a lookup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryEvent {
    /// What happened.
    pub step: QueryStep,
    /// The peer that was queried or found.
    pub peer: Option<PeerId>,
    /// Peers that it named.
    pub responses: Vec<PeerAddresses>,
}

/// The kind of a step of a lookup.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum QueryStep {
    /// A query is sent.
    SendingQuery,
    /// A peer has answered.
    Response,
    /// The peer that was looked for, or one of those closest to it.
    FinalPeer,
    /// A query failed, for this reason.
    Failed(String),
    /// A provider.
    Provider,
    /// The record of a provider that this node keeps of itself: it was announced, which others may not know any longer.
    OwnRecord,
    /// A record.
    Value(Vec<u8>),
    /// A peer is added to the lookup.
    AddingPeer,
    /// A connection is opened.
    Dialing,
}

/// A routing table of the DHT.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoutingTable {
    /// Its buckets, by the length of the shared prefix.
    pub buckets: Vec<Bucket>,
}

/// Peers whose keys share a prefix of one length with this node's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bucket {
    /// When it was last refreshed.
    pub refreshed: Option<SystemTime>,
    /// The peers.
    pub peers: Vec<TablePeer>,
}

/// A peer of a routing table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TablePeer {
    /// The peer.
    pub peer: PeerId,
    /// Whether a connection is open.
    pub connected: bool,
    /// The program; empty when it is not known.
    pub agent: String,
    /// When it was last of use.
    pub last_useful: Option<SystemTime>,
    /// When it last answered.
    pub last_queried: Option<SystemTime>,
}

/// Statistics of announcements, in the form that the implementation has.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Announcements {
    /// Of one that sweeps through the key space.
    pub sweep: Option<Value>,
    /// Of one that announces each CID by itself.
    pub legacy: Option<Value>,
}

/// The content that a node announces.
pub trait AnnouncedContent: Send + Sync + 'static {
    /// All of it, in any order; a CID may come more than once. Read from the beginning for each announcement of all content,
    /// and again for each part of it that an implementation of [`Routing`] holds in memory. An error ends it.
    fn cids(&self) -> BoxStream<'static, Result<Cid, NetworkError>>;
}

/// Finds and announces.
pub trait Routing: Send + Sync {
    /// The peers closest to a key.
    fn closest_peers(&self, key: &PeerId) -> QueryEvents;

    /// The addresses of a peer, which the last step, [`QueryStep::FinalPeer`], has.
    fn find_peer(&self, peer: &PeerId) -> QueryEvents;

    /// Up to so many providers.
    fn find_providers(&self, cid: &Cid, count: usize) -> QueryEvents;

    /// Providers as others find them: this node is one of them only if another node or router says so. The record that it keeps
    /// itself is [`QueryStep::OwnRecord`].
    fn find_announced_providers(&self, cid: &Cid) -> QueryEvents {
        self.find_providers(cid, usize::MAX)
    }

    /// The best record of a key: the name space (`ipns`, `pk`) and a peer ID.
    fn get_value(&self, space: &str, key: &PeerId) -> QueryEvents;

    /// Stores a record under a key.
    fn put_value(&self, space: &str, key: &PeerId, value: Vec<u8>) -> QueryEvents;

    /// Announces content before all other; waits until peers have taken the announcements where `wait`.
    fn provide(&self, cids: Vec<Cid>, wait: bool) -> BoxFuture<'_, Result<(), NetworkError>>;

    /// Announces new content before all other as soon as there are peers. What finds no place in the queue is left to the
    /// announcement of all content.
    fn provide_soon(&self, cids: &[Cid]);

    /// Announces all content again, now.
    fn reprovide(&self) -> BoxFuture<'_, Result<(), NetworkError>>;

    /// Clears the queue of content to be announced, and returns its length.
    fn clear_queue(&self) -> BoxFuture<'_, Result<u64, NetworkError>>;

    /// Statistics of announcements; of the local network where `lan`.
    fn announcements(&self, lan: bool) -> Announcements;

    /// The routing table of this name (`wan`, `lan`, `wanserver`, `lanserver`); `None` where there is none.
    fn table(&self, name: &str) -> Option<RoutingTable>;
}
