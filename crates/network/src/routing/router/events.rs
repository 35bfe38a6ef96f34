//! Lookups as steps, for the commands of a node.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::SystemTime;

use cairn_primitives::Cid;
use cairn_primitives::keys::PeerId;
use cairn_store::network::{NetworkError, PeerAddresses, QueryEvent, QueryEvents, QueryStep};
use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt as _, StreamExt as _};
use libp2p::kad::RecordKey;

use super::search::Values;
use super::{Router, error_of, peer_addresses};
use crate::routing::dht::{Failure, Found, Request, Step};
use crate::routing::record::{Space, Valid, ValueError};

/// Values that are compared, as in Kubo.
pub(super) const QUORUM: usize = 16;

impl Router {
    pub(super) fn closest_peers_events(&self, key: &PeerId) -> QueryEvents {
        let key = libp2p::PeerId::from(key);
        let mut seen = HashSet::new();
        let (found, failures) = self.start_with_steps(&Request::Closest(key.to_bytes()));
        steps(
            "the lookup of peers",
            failures,
            found,
            move |found| match found {
                Found::Closest(peers) => {
                    let peers = peers.iter().map(peer_addresses);
                    let new = peers.filter(|peer| seen.insert(peer.peer.clone()));
                    new.map(|peer| event(QueryStep::FinalPeer, Some(peer.peer), Vec::new()))
                        .collect()
                }
                _ => Vec::new(),
            },
        )
    }

    pub(super) fn find_peer_events(&self, peer: &PeerId) -> QueryEvents {
        let (found, failures) = self.start_with_steps(&Request::Peer(peer.into()));
        let events = steps(
            "the lookup of a peer",
            failures,
            found,
            |found| match found {
                Found::Peer(peer) => {
                    let peer = peer_addresses(&peer);
                    vec![event(QueryStep::FinalPeer, None, vec![peer])]
                }
                _ => Vec::new(),
            },
        );
        // A lookup that ends without the peer has failed.
        let state = (events, false);
        let events = stream::unfold(state, |(mut events, is_over)| async move {
            if is_over {
                return None;
            }
            match events.next().await {
                Some(Ok(event)) => {
                    let is_over = event.step == QueryStep::FinalPeer;
                    Some((Ok(event), (events, is_over)))
                }
                Some(Err(error)) => Some((Err(error), (events, true))),
                None => Some((Err(NetworkError::NotFound), (events, true))),
            }
        });
        events.boxed()
    }

    pub(super) fn find_providers_events(&self, cid: &Cid, count: usize) -> QueryEvents {
        let key = RecordKey::from(cid.hash().as_bytes().to_vec());
        let (found, failures) = self.start_with_steps(&Request::Providers(key));
        let (router, mut seen) = (self.clone(), HashSet::new());
        let events = steps(
            "the lookup of providers",
            failures,
            found,
            move |found| match found {
                Found::Provider(peer) | Found::OwnRecord(peer)
                    if !router.inner.ignored.contains(&peer.peer_id)
                        && seen.insert(peer.peer_id) =>
                {
                    let provider = peer_addresses(&peer);
                    vec![event(QueryStep::Provider, None, vec![provider])]
                }
                _ => Vec::new(),
            },
        );
        first(events, QueryStep::Provider, count)
    }

    pub(super) fn find_announced_providers_events(&self, cid: &Cid) -> QueryEvents {
        let key = RecordKey::from(cid.hash().as_bytes().to_vec());
        let (found, failures) = self.start(&Request::Providers(key));
        let (router, mut seen) = (self.clone(), HashSet::new());
        steps(
            "the lookup of providers",
            failures,
            found,
            move |found| match found {
                Found::OwnRecord(_) => vec![event(QueryStep::OwnRecord, None, Vec::new())],
                Found::Provider(peer)
                    if !router.inner.ignored.contains(&peer.peer_id)
                        && seen.insert(peer.peer_id) =>
                {
                    let provider = peer_addresses(&peer);
                    vec![event(QueryStep::Provider, None, vec![provider])]
                }
                _ => Vec::new(),
            },
        )
    }

    pub(super) fn get_value_events(&self, space: &str, key: &PeerId) -> QueryEvents {
        let Some(space) = Space::of_name(space) else {
            return failed(invalid(ValueError::Key));
        };
        let router = self.clone();
        let key = key.clone();
        let best = async move {
            let (value, from) = router.best_value(space, &key, QUORUM).await?;
            Ok(event(QueryStep::Value(value), from, Vec::new()))
        };
        best.into_stream().boxed()
    }

    pub(super) fn put_value_events(
        &self,
        space: &str,
        key: &PeerId,
        value: Vec<u8>,
    ) -> QueryEvents {
        let Some(space) = Space::of_name(space) else {
            return failed(invalid(ValueError::Key));
        };
        let key = space.key(key);
        if let Err(error) = Valid::new(&key, &value, SystemTime::now()) {
            return failed(invalid(error));
        }
        let (found, failures) = self.start(&Request::Put(RecordKey::from(key), value));
        steps("storing the value", failures, found, |found| {
            let stored = |peer| event(QueryStep::Value(Vec::new()), peer, Vec::new());
            match found {
                Found::Stored(None) => vec![stored(None)],
                Found::Stored(Some(peers)) => {
                    let peers = peers.into_iter().map(PeerId::from);
                    peers.map(|peer| stored(Some(peer))).collect()
                }
                _ => Vec::new(),
            }
        })
    }

    /// Begins a lookup.
    pub(super) fn start(&self, request: &Request) -> (BoxStream<'static, Found>, Failures) {
        (self.ask(request, false), Failures::new(self.asked(request)))
    }

    /// Begins a lookup whose steps are reported.
    fn start_with_steps(&self, request: &Request) -> (BoxStream<'static, Found>, Failures) {
        (self.ask(request, true), Failures::new(self.asked(request)))
    }

    /// The best value of a key, and who had it.
    pub(super) async fn best_value(
        &self,
        space: Space,
        key: &PeerId,
        count: usize,
    ) -> Result<(Vec<u8>, Option<PeerId>), NetworkError> {
        let key = space.key(key);
        let mut values = Values::new(key.clone(), count);
        let request = Request::Value(RecordKey::from(key));
        let (mut found, mut failures) = self.start(&request);
        while let Some(found) = found.next().await {
            match found {
                Found::Value { from, value } => {
                    values.add(value, from);
                    if values.are_enough() {
                        break;
                    }
                }
                Found::Failed(failure) => failures.add(failure),
                _ => {}
            }
        }
        match values.into_best() {
            Some((value, from)) => Ok((value, from.map(PeerId::from))),
            None => Err(match failures.first() {
                Some(failed) => error_of("the lookup of a value", failed),
                None => NetworkError::NotFound,
            }),
        }
    }
}

/// The failures of a lookup: an empty routing table is one only if there is no other to ask.
pub(super) struct Failures {
    asked: usize,
    without_peers: usize,
    first: Option<Failure>,
}

impl Failures {
    /// Of so many that are asked.
    pub(super) fn new(asked: usize) -> Self {
        Self {
            asked,
            without_peers: 0,
            first: None,
        }
    }

    pub(super) fn add(&mut self, failure: Failure) {
        match failure {
            Failure::NoPeers => self.without_peers += 1,
            other => self.first = self.first.or(Some(other)),
        }
    }

    pub(super) fn first(&self) -> Option<Failure> {
        let no_peers = self.without_peers >= self.asked;
        self.first.or(no_peers.then_some(Failure::NoPeers))
    }
}

fn event(step: QueryStep, peer: Option<PeerId>, responses: Vec<PeerAddresses>) -> QueryEvent {
    QueryEvent {
        step,
        peer,
        responses,
    }
}

fn failed(error: NetworkError) -> QueryEvents {
    stream::iter([Err(error)]).boxed()
}

fn invalid(error: ValueError) -> NetworkError {
    NetworkError::Failed {
        action: "checking the value",
        source: Arc::new(error),
    }
}

/// The events until so many of them are of one kind.
fn first(events: QueryEvents, step: QueryStep, count: usize) -> QueryEvents {
    let state = (events, step, count);
    let events = stream::unfold(state, |(mut events, step, left)| async move {
        if left == 0 {
            return None;
        }
        let event = events.next().await?;
        let counts = event.as_ref().is_ok_and(|event| event.step == step);
        Some((event, (events, step, left - usize::from(counts))))
    });
    events.boxed()
}

/// A step of the DHT as an event.
fn of_step(step: Step) -> QueryEvent {
    let (step, peer, responses) = match step {
        Step::Dialing(peer) => (QueryStep::Dialing, peer, Vec::new()),
        Step::Query(peer) => (QueryStep::SendingQuery, peer, Vec::new()),
        Step::Failed(peer, why) => (QueryStep::Failed(why), peer, Vec::new()),
        Step::Response(peer, named) => {
            let named = named.iter().map(peer_addresses).collect();
            (QueryStep::Response, peer, named)
        }
    };
    event(step, Some(peer.into()), responses)
}

/// Turns answers into steps. It fails at the end if there was no step.
fn steps(
    action: &'static str,
    failures: Failures,
    found: BoxStream<'static, Found>,
    to_events: impl FnMut(Found) -> Vec<QueryEvent> + Send + 'static,
) -> QueryEvents {
    struct State<F> {
        found: BoxStream<'static, Found>,
        to_events: F,
        failures: Failures,
        answered: bool,
        ended: bool,
    }
    let state = State {
        found,
        to_events,
        failures,
        answered: false,
        ended: false,
    };
    let steps = stream::unfold(state, move |mut state| async move {
        if state.ended {
            return None;
        }
        let events: Vec<_> = match state.found.next().await {
            Some(Found::Failed(failure)) => {
                state.failures.add(failure);
                Vec::new()
            }
            Some(Found::Step(step)) => vec![Ok(of_step(step))],
            Some(found) => {
                let events = (state.to_events)(found);
                state.answered |= !events.is_empty();
                events.into_iter().map(Ok).collect()
            }
            None => {
                state.ended = true;
                let failure = state.failures.first().filter(|_| !state.answered);
                failure
                    .map(|failure| Err(error_of(action, failure)))
                    .into_iter()
                    .collect()
            }
        };
        Some((stream::iter(events), state))
    });
    steps.flatten().boxed()
}
