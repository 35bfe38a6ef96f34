//! Finding peers, providers and records: by the DHTs and over HTTP.
//!
//! A node takes part in two DHTs, as Kubo does: that of the internet (`/ipfs/kad/1.0.0`), whose routing table has public
//! addresses only, and that of the local network (`/ipfs/lan/kad/1.0.0`). Lookups ask both at the same time.
//!
//! The behaviour learns what it needs from the swarm. Addresses of peers come from identify, whose behaviour reports them to all
//! others (its cache must not be turned off), and what this node announces are the swarm's external addresses, and in the local
//! network those it listens on. The host tells only whether others can reach this node: [`Router::set_reachable`].

mod announce;
mod custom;
mod delegated;
mod dht;
mod record;
mod router;
mod settings;

#[cfg(test)]
mod tests;

use libp2p::PeerId;
use libp2p::swarm::NetworkBehaviour;
use libp2p::swarm::behaviour::toggle::Toggle;

pub use self::custom::{Branch, Branches, Custom, Tree};
use self::dht::Dht;
use self::dht::scope::Scope;
pub use self::record::ValueError;
pub use self::router::{LookupError, Router};
pub use self::settings::{AnnounceSettings, DhtMode, Settings};

/// The DHTs as a part of a swarm.
#[derive(NetworkBehaviour)]
#[behaviour(prelude = "libp2p::swarm::derive_prelude", to_swarm = "()")]
pub struct Behaviour {
    wan: Toggle<Dht>,
    lan: Toggle<Dht>,
}

/// Creates the behaviour and its handle. Must be called in a tokio runtime.
#[must_use]
pub fn new(settings: Settings, local: PeerId) -> (Behaviour, Router) {
    let lan = Scope::Lan {
        loopback: settings.loopback,
    };
    let (wan_mode, lan_mode) = settings.modes();
    let start = |scope, mode, server| {
        let is_on = mode != DhtMode::Off;
        is_on
            .then(|| Dht::new(&settings, scope, local, server))
            .unzip()
    };
    let (wan, wan_handle) = start(Scope::Wan, wan_mode, wan_mode == DhtMode::Server);
    let (lan, lan_handle) = start(lan, lan_mode, lan_mode != DhtMode::Client);
    let behaviour = Behaviour {
        wan: wan.into(),
        lan: lan.into(),
    };
    (
        behaviour,
        Router::new(settings, local, wan_handle, lan_handle),
    )
}
