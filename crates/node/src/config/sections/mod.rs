//! The sections of the file, one struct each. A section's `Default` is what the absence of its keys means.

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
