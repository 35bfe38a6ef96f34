//! The part of the swarm.

use std::collections::{HashMap, HashSet, VecDeque};
use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};

use libp2p::core::Endpoint;
use libp2p::core::transport::PortUse;
use libp2p::swarm::dial_opts::{DialOpts, PeerCondition};
use libp2p::swarm::{
    ConnectionDenied, ConnectionId, DialError, FromSwarm, NetworkBehaviour, NotifyHandler,
    THandler, THandlerInEvent, THandlerOutEvent, ToSwarm,
};
use libp2p::{Multiaddr, PeerId};
use tokio::sync::{Semaphore, mpsc};

use super::Settings;
use super::handle::{Accepted, Open, OpenError, Request, Streams};
use super::handler::Handler;

/// Opens and accepts streams. Belongs to one swarm.
pub struct Behaviour {
    accepted: Arc<Accepted>,
    requests: mpsc::Receiver<Request>,
    /// Peers with a connection.
    connected: HashSet<PeerId>,
    /// Requests to peers that are being connected to; bounded by the places of the handle.
    waiting: HashMap<PeerId, Vec<Open>>,
    /// Requests to be passed on, bounded likewise.
    ready: VecDeque<(PeerId, Open)>,
}

/// Makes the behaviour, and the handle to it.
#[must_use]
pub fn new(settings: Settings) -> (Behaviour, Streams) {
    let accepted = Arc::new(Accepted::default());
    let places = settings.max_opening.max(1);
    let (sender, requests) = mpsc::channel(places);
    let handle = Streams {
        accepted: Arc::clone(&accepted),
        requests: sender,
        opening: Arc::new(Semaphore::new(places)),
        settings,
    };
    let behaviour = Behaviour {
        accepted,
        requests,
        connected: HashSet::new(),
        waiting: HashMap::new(),
        ready: VecDeque::new(),
    };
    (behaviour, handle)
}

impl Behaviour {
    fn fail(&mut self, peer: &PeerId, error: &DialError) {
        for open in self.waiting.remove(peer).into_iter().flatten() {
            let error = OpenError::Dial(error.to_string());
            drop(open.opened.send(Err(error)));
        }
    }
}

impl NetworkBehaviour for Behaviour {
    type ConnectionHandler = Handler;
    type ToSwarm = Infallible;

    fn handle_established_inbound_connection(
        &mut self,
        _: ConnectionId,
        peer: PeerId,
        _: &Multiaddr,
        _: &Multiaddr,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(Handler::new(peer, Arc::clone(&self.accepted)))
    }

    fn handle_established_outbound_connection(
        &mut self,
        _: ConnectionId,
        peer: PeerId,
        _: &Multiaddr,
        _: Endpoint,
        _: PortUse,
    ) -> Result<THandler<Self>, ConnectionDenied> {
        Ok(Handler::new(peer, Arc::clone(&self.accepted)))
    }

    fn on_swarm_event(&mut self, event: FromSwarm<'_>) {
        match event {
            FromSwarm::ConnectionEstablished(established) => {
                let peer = established.peer_id;
                self.connected.insert(peer);
                let waiting = self.waiting.remove(&peer).into_iter().flatten();
                self.ready.extend(waiting.map(|open| (peer, open)));
            }
            FromSwarm::ConnectionClosed(closed) if closed.remaining_established == 0 => {
                self.connected.remove(&closed.peer_id);
                self.ready.retain(|(peer, _)| *peer != closed.peer_id);
            }
            FromSwarm::DialFailure(failure) => {
                // A dial may be refused because another one is going on.
                if let Some(peer) = &failure.peer_id
                    && !matches!(failure.error, DialError::DialPeerConditionFalse(_))
                {
                    self.fail(peer, failure.error);
                }
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
    ) -> Poll<ToSwarm<Self::ToSwarm, THandlerInEvent<Self>>> {
        loop {
            if let Some((peer_id, event)) = self.ready.pop_front() {
                return Poll::Ready(ToSwarm::NotifyHandler {
                    peer_id,
                    handler: NotifyHandler::Any,
                    event,
                });
            }
            let Poll::Ready(Some(request)) = self.requests.poll_recv(context) else {
                return Poll::Pending;
            };
            let Request {
                peer,
                addresses,
                open,
            } = request;
            if self.connected.contains(&peer) {
                self.ready.push_back((peer, open));
                continue;
            }
            self.waiting.entry(peer).or_default().push(open);
            let opts = DialOpts::peer_id(peer)
                .addresses(addresses)
                .extend_addresses_through_behaviour()
                .condition(PeerCondition::DisconnectedAndNotDialing)
                .build();
            return Poll::Ready(ToSwarm::Dial { opts });
        }
    }
}
