//! Reservations at the relays of the settings. One that fails or is lost is made again.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use libp2p::Multiaddr;
use libp2p::core::multiaddr::Protocol;
use libp2p::core::transport::ListenerId;
use libp2p::swarm::Swarm;

use crate::convert::peer_of;
use crate::host::behaviour::Behaviour;
use crate::host::settings::Settings;
use crate::host::shell::Shell;

/// The pause before a relay is asked again, doubled with each failure up to the last.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LAST_PAUSE: Duration = Duration::from_secs(300);

/// The relays of the settings: each either has a listener, or waits to be asked. Their number does not change.
#[derive(Debug, Default)]
pub(super) struct Relays {
    waiting: Vec<(Relay, Instant)>,
    listeners: HashMap<ListenerId, Relay>,
}

#[derive(Debug)]
struct Relay {
    /// Ends in `/p2p-circuit`.
    circuit: Multiaddr,
    pause: Duration,
}

impl Relays {
    /// Addresses without a peer ID are ignored.
    pub(super) fn new(settings: &Settings) -> Self {
        let mut relays = Self::default();
        if !settings.transports.relay || !settings.relay.client {
            return relays;
        }
        for relay in settings.relay.relays.iter().map(Multiaddr::from) {
            if peer_of(&relay).is_none() {
                tracing::warn!(%relay, "the address of a relay does not end in a peer ID");
                continue;
            }
            let relay = Relay {
                circuit: relay.with(Protocol::P2pCircuit),
                pause: FIRST_PAUSE,
            };
            relays.waiting.push((relay, Instant::now()));
        }
        relays
    }

    /// Asks the relays whose pause has passed.
    pub(super) fn listen(&mut self, swarm: &mut Swarm<Shell<Behaviour>>) {
        let now = Instant::now();
        let due: Vec<_> = self
            .waiting
            .extract_if(.., |(_, next)| *next <= now)
            .collect();
        for (relay, _) in due {
            match swarm.listen_on(relay.circuit.clone()) {
                Ok(id) => {
                    self.listeners.insert(id, relay);
                }
                Err(error) => {
                    tracing::warn!(address = %relay.circuit, %error, "cannot use a relay");
                    self.wait(relay);
                }
            }
        }
    }

    /// A relay has accepted.
    pub(super) fn accepted(&mut self, id: ListenerId) {
        if let Some(relay) = self.listeners.get_mut(&id) {
            relay.pause = FIRST_PAUSE;
        }
    }

    pub(super) fn is_listener(&self, id: ListenerId) -> bool {
        self.listeners.contains_key(&id)
    }

    /// A listener at a relay has ended: the relay is asked again later.
    pub(super) fn closed(&mut self, id: ListenerId, reason: Result<(), std::io::Error>) {
        let Some(relay) = self.listeners.remove(&id) else {
            return;
        };
        let error = reason.err().map(|error| error.to_string());
        tracing::info!(address = %relay.circuit, error, "there is no reservation at a relay: it is asked again");
        self.wait(relay);
    }

    /// All listeners were lost with their swarm.
    pub(super) fn lost(&mut self) {
        let relays = self.listeners.drain();
        let relays = relays.map(|(_, relay)| (relay, Instant::now()));
        self.waiting.extend(relays);
    }

    fn wait(&mut self, mut relay: Relay) {
        let next = Instant::now() + relay.pause;
        relay.pause = (relay.pause * 2).min(LAST_PAUSE);
        self.waiting.push((relay, next));
    }
}
