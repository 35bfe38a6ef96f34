//! What is asked of a DHT, and what it answers.

use std::collections::HashSet;

use libp2p::PeerId;
use libp2p::kad::{PeerInfo, RecordKey};
use tokio::sync::mpsc;

/// Events that are held back for a reader; further ones are dropped, except the last.
pub(crate) const EVENTS: usize = 256;
/// Providers of one lookup, and peers that are named in it; further ones are ignored.
const PROVIDERS: usize = 4096;

/// A request, and where its answers go. It ends when all senders are dropped, and is cancelled when the receiver is.
#[derive(Debug)]
pub(crate) struct Command {
    pub(crate) request: Request,
    pub(crate) events: mpsc::Sender<Found>,
    /// Whether its steps are answers, too.
    pub(crate) steps: bool,
}

/// A request.
#[derive(Clone, Debug)]
pub(crate) enum Request {
    /// The peers closest to a key.
    Closest(Vec<u8>),
    /// The addresses of a peer.
    Peer(PeerId),
    /// Providers of a key.
    Providers(RecordKey),
    /// Values of a key.
    Value(RecordKey),
    /// Stores a value under a key.
    Put(RecordKey, Vec<u8>),
    /// Announces this node as a provider of a key.
    Provide(RecordKey),
}

/// An answer.
#[derive(Clone, Debug)]
pub(crate) enum Found {
    /// The peers closest to the key.
    Closest(Vec<PeerInfo>),
    /// The peer.
    Peer(PeerInfo),
    /// A provider.
    Provider(PeerInfo),
    /// This node, by its own record: it does not tell whether another node has one.
    OwnRecord(PeerInfo),
    /// A value, and who had it; `None` if this node did.
    Value {
        from: Option<PeerId>,
        value: Vec<u8>,
    },
    /// These peers stored the value; their number is unknown if it is `None`.
    Stored(Option<Vec<PeerId>>),
    /// The announcement was sent.
    Announced,
    /// A step, for requests with steps.
    Step(Step),
    /// The request failed.
    Failed(Failure),
}

/// A step of a lookup.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// A connection is opened.
    Dialing(PeerId),
    /// A query is sent.
    Query(PeerId),
    /// A peer has answered, and named these.
    Response(PeerId, Vec<PeerInfo>),
    /// A peer cannot be reached, or did not answer.
    Failed(PeerId, String),
}

/// Why a request failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The routing table is empty.
    NoPeers,
    /// It took too long.
    TimedOut,
    /// No peer stored the value.
    NotStored,
    /// The value is invalid, or older than the one that is stored.
    Refused,
    /// Too many requests run.
    Busy,
    /// An HTTP router cannot be reached, or its response is invalid.
    Router,
}

/// A running request.
pub(super) struct Lookup {
    pub(super) kind: Kind,
    events: mpsc::Sender<Found>,
    providers: HashSet<PeerId>,
    steps: bool,
    /// Peers that were named by others, and those of them that are dialed: for the steps.
    pub(super) named: HashSet<PeerId>,
    pub(super) dialing: HashSet<PeerId>,
}

/// The kind of a running request.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    Peer(PeerId),
    Providers(RecordKey),
    Other,
}

impl Lookup {
    pub(super) fn new(kind: Kind, events: mpsc::Sender<Found>, steps: bool) -> Self {
        Self {
            kind,
            events,
            providers: HashSet::new(),
            steps,
            named: HashSet::new(),
            dialing: HashSet::new(),
        }
    }

    /// Whether steps are reported.
    pub(super) fn has_steps(&self) -> bool {
        self.steps
    }

    /// Reports a step. A slow reader gets the answers, and not all steps.
    pub(super) fn step(&self, step: impl FnOnce() -> Step) {
        if self.steps && self.events.capacity() > EVENTS / 2 {
            self.send(Found::Step(step()));
        }
    }

    /// A peer was named.
    pub(super) fn note_named(&mut self, peer: PeerId) {
        if self.named.len() < PROVIDERS {
            self.named.insert(peer);
        }
    }

    /// Whether nobody waits for answers.
    pub(super) fn is_cancelled(&self) -> bool {
        self.events.is_closed()
    }

    /// Whether a provider is new.
    pub(super) fn is_new(&mut self, provider: PeerId) -> bool {
        self.providers.len() < PROVIDERS && self.providers.insert(provider)
    }

    pub(super) fn send(&self, found: Found) {
        send(&self.events, found);
    }
}

/// Sends an answer, unless the reader is too slow or has gone.
pub(super) fn send(events: &mpsc::Sender<Found>, found: Found) {
    if let Err(mpsc::error::TrySendError::Full(_)) = events.try_send(found) {
        tracing::debug!("an answer of the DHT is dropped: its reader is too slow");
    }
}
