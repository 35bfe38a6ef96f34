//! Reservations at relays: those of the settings, or, without any, peers that offer it while others cannot reach this node.
//!
//! A relay of the settings that fails or is lost is asked again. One that was found is replaced by another.

mod found;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use cairn_store::network::Reachability;
use libp2p::core::multiaddr::Protocol;
use libp2p::core::transport::ListenerId;
use libp2p::swarm::Swarm;
use libp2p::{Multiaddr, PeerId};

use self::found::Found;
use crate::convert::peer_of;
use crate::host::behaviour::Behaviour;
use crate::host::settings::Settings;
use crate::host::shell::Shell;
use crate::host::state::Shared;

/// The pause before a relay is asked again, doubled with each failure up to the last.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LAST_PAUSE: Duration = Duration::from_secs(300);

/// Why connections to relays are not trimmed.
const PURPOSE: &str = "relay";

/// The relays: each either has a listener, or waits to be asked.
#[derive(Debug, Default)]
pub(super) struct Relays {
    /// Relays of the settings. Their number does not change.
    waiting: Vec<(Relay, Instant)>,
    listeners: HashMap<ListenerId, Relay>,
    /// How others are found; `None` with relays of the settings, and if none are used.
    found: Option<Found>,
}

#[derive(Debug)]
struct Relay {
    peer: PeerId,
    /// Ends in `/p2p-circuit`.
    circuit: Multiaddr,
    pause: Duration,
    /// Whether it has accepted.
    accepted: bool,
}

impl Relay {
    fn new(peer: PeerId, address: Multiaddr) -> Self {
        Self {
            peer,
            circuit: address.with(Protocol::P2pCircuit),
            pause: FIRST_PAUSE,
            accepted: false,
        }
    }
}

impl Relays {
    /// Addresses without a peer ID are ignored.
    pub(super) fn new(settings: &Settings, shared: &Shared) -> Self {
        let mut relays = Self::default();
        if !settings.transports.relay || !settings.relay.client {
            return relays;
        }
        for relay in settings.relay.relays.iter().map(Multiaddr::from) {
            let Some(peer) = peer_of(&relay) else {
                tracing::warn!(%relay, "the address of a relay does not end in a peer ID");
                continue;
            };
            shared.protected.add(peer, PURPOSE);
            let relay = Relay::new(peer, relay);
            relays.waiting.push((relay, Instant::now()));
        }
        if settings.relay.relays.is_empty() {
            relays.found = Some(Found::new(settings));
        }
        relays
    }

    /// Asks the relays whose pause has passed; finds relays, or leaves them, as others can reach this node or not.
    pub(super) fn tick(&mut self, swarm: &mut Swarm<Shell<Behaviour>>, shared: &Shared) {
        let now = Instant::now();
        let due: Vec<_> = self
            .waiting
            .extract_if(.., |(_, next)| *next <= now)
            .collect();
        for (relay, _) in due {
            self.ask(relay, swarm, shared);
        }
        let Some(found) = &self.found else {
            return;
        };
        match reachability(shared) {
            Reachability::Public => {
                // Each reports that it is closed.
                for (id, relay) in &self.listeners {
                    tracing::info!(address = %relay.circuit, "the relay is not needed any more");
                    swarm.remove_listener(*id);
                }
            }
            Reachability::Private => {
                let used: Vec<_> = self.listeners.values().map(|relay| relay.peer).collect();
                for relay in found.more(&used, shared) {
                    shared.protected.add(relay.peer, PURPOSE);
                    self.ask(relay, swarm, shared);
                }
            }
            Reachability::Unknown => {}
        }
    }

    fn ask(&mut self, relay: Relay, swarm: &mut Swarm<Shell<Behaviour>>, shared: &Shared) {
        match swarm.listen_on(relay.circuit.clone()) {
            Ok(id) => {
                self.listeners.insert(id, relay);
            }
            Err(error) => {
                tracing::warn!(address = %relay.circuit, %error, "cannot use a relay");
                self.leave(relay, shared);
            }
        }
    }

    /// A relay has accepted.
    pub(super) fn accepted(&mut self, id: ListenerId) {
        if let Some(relay) = self.listeners.get_mut(&id) {
            relay.pause = FIRST_PAUSE;
            relay.accepted = true;
        }
    }

    pub(super) fn is_listener(&self, id: ListenerId) -> bool {
        self.listeners.contains_key(&id)
    }

    /// A listener at a relay has ended: the relay, or another one, is asked later.
    pub(super) fn closed(
        &mut self,
        id: ListenerId,
        reason: Result<(), std::io::Error>,
        shared: &Shared,
    ) {
        let Some(relay) = self.listeners.remove(&id) else {
            return;
        };
        let error = reason.err().map(|error| error.to_string());
        tracing::info!(address = %relay.circuit, error, "there is no reservation at a relay any more");
        self.leave(relay, shared);
    }

    /// All listeners were lost with their swarm.
    pub(super) fn lost(&mut self, shared: &Shared) {
        for (_, relay) in self.listeners.drain() {
            match self.found {
                Some(_) => shared.protected.remove(relay.peer, PURPOSE),
                None => self.waiting.push((relay, Instant::now())),
            }
        }
    }

    fn leave(&mut self, mut relay: Relay, shared: &Shared) {
        match &mut self.found {
            Some(found) => {
                shared.protected.remove(relay.peer, PURPOSE);
                if reachability(shared) != Reachability::Public {
                    found.avoid(&relay);
                }
            }
            None => {
                let next = Instant::now() + relay.pause;
                relay.pause = (relay.pause * 2).min(LAST_PAUSE);
                self.waiting.push((relay, next));
            }
        }
    }
}

/// Whether others reach this node without relays.
fn reachability(shared: &Shared) -> Reachability {
    *shared.reachable.borrow()
}
