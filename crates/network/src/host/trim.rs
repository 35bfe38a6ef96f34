//! Closes connections when there are too many of them.
//!
//! Above the high water, connections are closed until the low water is reached: those without traffic for the longest time first. New
//! connections, those of protected peers and of peers of `Peering`, and those on which blocks were exchanged within a minute, stay.

use std::collections::{HashMap, HashSet};
use std::convert::Infallible;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use libp2p::core::Endpoint;
use libp2p::core::transport::PortUse;
use libp2p::swarm::behaviour::{ConnectionClosed, ConnectionEstablished};
use libp2p::swarm::{
    CloseConnection, ConnectionDenied, ConnectionId, FromSwarm, NetworkBehaviour, THandler,
    THandlerInEvent, THandlerOutEvent, ToSwarm, dummy,
};
use libp2p::{Multiaddr, PeerId};
use parking_lot::RwLock;
use tokio::time::{Interval, MissedTickBehavior};

use super::keep::Peerings;
use super::meter::{ConnectionMeter, Meters};
use super::settings::Connections;
use super::state::endpoint_parts;

/// How long a connection is kept after blocks were exchanged on it.
const AFTER_EXCHANGE: Duration = Duration::from_secs(60);

/// Peers whose connections are not trimmed, by purpose.
#[derive(Clone, Debug, Default)]
pub(super) struct Protected(Arc<RwLock<HashSet<(PeerId, &'static str)>>>);

impl Protected {
    /// Protects a peer for a purpose.
    pub(super) fn add(&self, peer: PeerId, purpose: &'static str) {
        self.0.write().insert((peer, purpose));
    }

    /// Ends that; the peer remains protected for other purposes.
    pub(super) fn remove(&self, peer: PeerId, purpose: &'static str) {
        self.0.write().remove(&(peer, purpose));
    }

    fn peers(&self) -> HashSet<PeerId> {
        self.0.read().iter().map(|(peer, _)| *peer).collect()
    }
}

struct Open {
    peer: PeerId,
    since: Instant,
    meter: Option<Weak<ConnectionMeter>>,
}

/// See the module.
pub(super) struct Behaviour {
    settings: Connections,
    meters: Meters,
    peerings: Peerings,
    protected: Protected,
    open: HashMap<ConnectionId, Open>,
    closing: Vec<(ConnectionId, PeerId)>,
    tick: Interval,
}

impl Behaviour {
    /// # Panics
    /// Outside a tokio runtime.
    pub(super) fn new(
        settings: Connections,
        meters: Meters,
        peerings: Peerings,
        protected: Protected,
    ) -> Self {
        let mut tick = tokio::time::interval(settings.interval.max(Duration::from_millis(10)));
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Self {
            settings,
            meters,
            peerings,
            protected,
            open: HashMap::new(),
            closing: Vec::new(),
            tick,
        }
    }

    fn plan(&mut self) {
        let count = self.open.len();
        if !self.settings.trim || count <= self.settings.high {
            return;
        }
        let protected = self.protected.peers();
        let mut candidates: Vec<_> = self
            .open
            .iter()
            .filter(|(_, open)| {
                open.since.elapsed() >= self.settings.grace
                    && !protected.contains(&open.peer)
                    && !self.peerings.contains(&open.peer)
            })
            .filter_map(|(id, open)| {
                let meter = open.meter.as_ref().and_then(Weak::upgrade);
                let exchanged = meter.as_ref().and_then(|meter| meter.since_exchange());
                if exchanged.is_some_and(|since| since < AFTER_EXCHANGE) {
                    return None;
                }
                let idle = meter.map_or(Duration::MAX, |meter| meter.idle());
                Some((idle, *id, open.peer))
            })
            .collect();
        candidates.sort_unstable_by_key(|(idle, _, _)| std::cmp::Reverse(*idle));
        let excess = count.saturating_sub(self.settings.low);
        self.closing = candidates
            .into_iter()
            .take(excess)
            .map(|(_, id, peer)| (id, peer))
            .collect();
        tracing::debug!(
            open = count,
            closing = self.closing.len(),
            "trims connections"
        );
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
            FromSwarm::ConnectionEstablished(ConnectionEstablished {
                peer_id,
                connection_id,
                endpoint,
                ..
            }) => {
                let (direction, address) = endpoint_parts(endpoint);
                let meter = self.meters.find(&peer_id, direction, address);
                let open = Open {
                    peer: peer_id,
                    since: Instant::now(),
                    meter: meter.as_ref().map(Arc::downgrade),
                };
                self.open.insert(connection_id, open);
            }
            FromSwarm::ConnectionClosed(ConnectionClosed { connection_id, .. }) => {
                self.open.remove(&connection_id);
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
            if let Some((id, peer_id)) = self.closing.pop() {
                return Poll::Ready(ToSwarm::CloseConnection {
                    peer_id,
                    connection: CloseConnection::One(id),
                });
            }
            std::task::ready!(self.tick.poll_tick(context));
            self.plan();
        }
    }
}
