//! Peers: connections by libp2p, blocks by bitswap, finding things by the DHT and over HTTP, messages by topic.
//!
//! [`host`] runs one libp2p swarm. The other modules are a part of it each, and know nothing of one another: a module has a
//! `Behaviour`, which the host composes into its swarm, and a handle, which can be cloned and talks to the behaviour through a
//! bounded channel. The handles implement the traits of `cairn_store` ([`Exchange`](cairn_store::Exchange) and those of
//! [`network`](cairn_store::network)), which is all that the rest of Cairn sees.

mod absent;
pub mod bitswap;
mod convert;
pub mod gateways;
pub mod host;
mod https;
pub mod names;
mod providers;
pub mod pubsub;
mod reach;
pub mod routing;
pub mod streams;
#[cfg(test)]
pub(crate) mod testing;

pub use absent::{NoExchange, NoRouting};
pub use https::{ClientError, tls_config};
pub use providers::Providers;
