//! The sections of the file, one struct each. A section's `Default` has the values of absent keys.

mod accounts;
mod cluster;
mod faces;
mod others;
mod peers;
mod pin_queue;
mod routing;
mod services;
mod storage;
mod swarm;

pub use accounts::*;
pub use cluster::*;
pub use faces::*;
pub use others::*;
pub use peers::*;
pub use pin_queue::*;
pub use routing::*;
pub use services::*;
pub use storage::*;
pub use swarm::*;
