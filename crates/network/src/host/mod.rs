//! One libp2p swarm: transports, connections, their limits, and what this node knows of its peers.
//!
//! [`Host::start`] runs the swarm as a task of the current tokio runtime. The host is the [`Swarm`](cairn_store::network::Swarm) and
//! the [`Bandwidth`](cairn_store::network::Bandwidth) of a node. Reads are snapshots of state that the task keeps up to date.
//!
//! Not offered: WebTransport, of which there is no Rust server, and WebRTC-direct, whose crate is an alpha release and not a part of
//! libp2p 0.57. Browsers connect by secure WebSocket.

mod announce;
mod behaviour;
mod book;
mod guard;
mod keep;
mod meter;
mod names;
mod ping;
mod protocols;
mod reachability;
mod resources;
mod run;
mod settings;
mod shell;
mod start;
mod state;
mod swarm_key;
mod swarm_trait;
mod transport;
mod trim;

pub use settings::{
    AutoNat, Connections, IdentityError, Limits, Relay, RelayService, Settings, Throttle,
    Transports, WssCertificate,
};
pub use start::{Host, Modules, StartError};
pub use swarm_key::{SwarmKey, SwarmKeyError};
