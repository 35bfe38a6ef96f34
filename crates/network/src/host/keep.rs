//! Keeps connections: to the peers of `Peering` always, to those of `Bootstrap` while there are few others.

use std::collections::{HashMap, HashSet};
use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use libp2p::core::Endpoint;
use libp2p::core::transport::PortUse;
use libp2p::swarm::behaviour::{ConnectionClosed, ConnectionEstablished};
use libp2p::swarm::dial_opts::{DialOpts, PeerCondition};
use libp2p::swarm::{
    ConnectionDenied, ConnectionId, FromSwarm, NetworkBehaviour, THandler, THandlerInEvent,
    THandlerOutEvent, ToSwarm, dummy,
};
use libp2p::{Multiaddr, PeerId};
use parking_lot::Mutex;
use tokio::time::{Interval, MissedTickBehavior};

use crate::convert::peer_of;

/// Peers to which connections are kept. Further ones are not added.
const MAX_PEERINGS: usize = 1_024;

/// The first pause before a peer is dialed again, doubled up to the last.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
const LAST_PAUSE: Duration = Duration::from_secs(600);

/// With fewer connected peers than this, bootstrap peers are dialed, at most once in this time.
const FEW_PEERS: usize = 4;
const BOOTSTRAP_PAUSE: Duration = Duration::from_secs(30);

/// Peers to which connections are kept, shared with whoever changes them.
#[derive(Clone, Debug, Default)]
pub(super) struct Peerings(Arc<Mutex<HashMap<PeerId, Kept>>>);

#[derive(Debug)]
struct Kept {
    addresses: Vec<Multiaddr>,
    next: Instant,
    pause: Duration,
}

impl Peerings {
    /// Adds a peer, or replaces its addresses. It is dialed within a second.
    pub(super) fn add(&self, peer: PeerId, addresses: Vec<Multiaddr>) {
        let mut kept = self.0.lock();
        if kept.len() >= MAX_PEERINGS && !kept.contains_key(&peer) {
            tracing::warn!(%peer, "more than {MAX_PEERINGS} peers in Peering: one was ignored");
            return;
        }
        let entry = Kept {
            addresses,
            next: Instant::now(),
            pause: FIRST_PAUSE,
        };
        kept.insert(peer, entry);
    }

    pub(super) fn remove(&self, peer: &PeerId) {
        self.0.lock().remove(peer);
    }

    pub(super) fn contains(&self, peer: &PeerId) -> bool {
        self.0.lock().contains_key(peer)
    }

    pub(super) fn list(&self) -> Vec<(PeerId, Vec<Multiaddr>)> {
        let kept = self.0.lock();
        kept.iter()
            .map(|(peer, kept)| (*peer, kept.addresses.clone()))
            .collect()
    }

    /// Peers to be dialed now. Each is due again after its pause, which grows.
    fn due(&self, now: Instant, connected: &HashSet<PeerId>) -> Vec<(PeerId, Vec<Multiaddr>)> {
        let mut due = Vec::new();
        for (peer, kept) in self.0.lock().iter_mut() {
            if connected.contains(peer) {
                kept.pause = FIRST_PAUSE;
                kept.next = now;
            } else if kept.next <= now {
                due.push((*peer, kept.addresses.clone()));
                kept.next = now + kept.pause;
                kept.pause = (kept.pause * 2).min(LAST_PAUSE);
            }
        }
        due
    }
}

/// See the module.
pub(super) struct Behaviour {
    peerings: Peerings,
    bootstrap: Vec<(PeerId, Vec<Multiaddr>)>,
    /// Where the next round begins.
    turn: usize,
    next_bootstrap: Instant,
    connected: HashSet<PeerId>,
    tick: Interval,
    dials: Vec<DialOpts>,
}

impl Behaviour {
    /// Bootstrap addresses without a peer ID are ignored.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub(super) fn new(peerings: Peerings, bootstrap: Vec<Multiaddr>) -> Self {
        let mut by_peer: Vec<(PeerId, Vec<Multiaddr>)> = Vec::new();
        for address in bootstrap {
            let Some(peer) = peer_of(&address) else {
                tracing::warn!(%address, "a bootstrap address does not end in a peer ID");
                continue;
            };
            match by_peer.iter_mut().find(|(known, _)| *known == peer) {
                Some((_, addresses)) => addresses.push(address),
                None => by_peer.push((peer, vec![address])),
            }
        }
        let mut tick = tokio::time::interval(Duration::from_secs(1));
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            peerings,
            bootstrap: by_peer,
            turn: 0,
            next_bootstrap: Instant::now(),
            connected: HashSet::new(),
            tick,
            dials: Vec::new(),
        }
    }

    fn plan(&mut self) {
        let now = Instant::now();
        let mut peers = self.peerings.due(now, &self.connected);
        if self.connected.len() < FEW_PEERS
            && self.next_bootstrap <= now
            && !self.bootstrap.is_empty()
        {
            self.next_bootstrap = now + BOOTSTRAP_PAUSE;
            let missing = FEW_PEERS - self.connected.len();
            let round = self
                .bootstrap
                .iter()
                .cycle()
                .skip(self.turn % self.bootstrap.len());
            let mut seen = HashSet::new();
            for (peer, addresses) in round.take(self.bootstrap.len()) {
                if seen.len() < missing && !self.connected.contains(peer) && seen.insert(*peer) {
                    peers.push((*peer, addresses.clone()));
                }
            }
            self.turn = self.turn.wrapping_add(missing);
        }
        self.dials = peers
            .into_iter()
            .map(|(peer, addresses)| {
                DialOpts::peer_id(peer)
                    .addresses(addresses)
                    .extend_addresses_through_behaviour()
                    .condition(PeerCondition::DisconnectedAndNotDialing)
                    .build()
            })
            .collect();
    }
}

impl NetworkBehaviour for Behaviour {
    type ConnectionHandler = dummy::ConnectionHandler;
    type ToSwarm = Infallible;

    fn handle_established_inbound_connection(
        &mut self,
        _: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(dummy::ConnectionHandler)
    }

    fn handle_established_outbound_connection(
        &mut self,
        _: ConnectionId,
        _: PeerId,
        _: &Multiaddr,
        _: Endpoint,
        _: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(dummy::ConnectionHandler)
    }

    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        match event {
            FromSwarm::ConnectionEstablished(ConnectionEstablished { peer_id, .. }) => {
                self.connected.insert(peer_id);
            }
            FromSwarm::ConnectionClosed(ConnectionClosed {
                peer_id,
                remaining_established: 0,
                ..
            }) => {
                self.connected.remove(&peer_id);
            }
            _ => {}
        }
    }

    fn on_connection_handler_event(
        &mut self,
        _: PeerId,
        _: ConnectionId,
        event: THandlerOutEvent<Self>,
    ) {
        match event {}
    }

    fn poll(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<ToSwarm<Infallible, THandlerInEvent<Self>>> {
        loop {
            if let Some(opts) = self.dials.pop() {
                return Poll::Ready(ToSwarm::Dial { opts });
            }
            std::task::ready!(self.tick.poll_tick(context));
            self.plan();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_until_the_peer_is_connected() {
        let peerings = Peerings::default();
        let peer = PeerId::random();
        peerings.add(peer, Vec::new());
        let mut connected = HashSet::new();
        let mut now = Instant::now();
        let mut pauses = Vec::new();
        for _ in 0..9 {
            assert_eq!(peerings.due(now, &connected).len(), 1);
            assert_eq!(peerings.due(now, &connected).len(), 0);
            let next = peerings.0.lock().get(&peer).unwrap().next;
            pauses.push((next - now).as_secs());
            now = next;
        }
        assert_eq!(pauses, [5, 10, 20, 40, 80, 160, 320, 600, 600]);
        connected.insert(peer);
        assert!(peerings.due(now, &connected).is_empty());
        connected.clear();
        assert_eq!(peerings.due(now, &connected).len(), 1);
        assert_eq!(
            peerings.0.lock().get(&peer).unwrap().next - now,
            FIRST_PAUSE
        );
    }
}
