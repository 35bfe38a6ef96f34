//! The sections of the file, one struct each. A section's `Default` has the values of absent keys.

mod faces;
mod others;
mod peers;
mod routing;
mod storage;
mod swarm;

pub use faces::*;
pub use others::*;
pub use peers::*;
pub use routing::*;
pub use storage::*;
pub use swarm::*;
