//! The health of the cluster.

mod alerts;
mod bandwidth;
mod check;
mod graph;

pub use self::alerts::GetAlerts;
pub use self::bandwidth::GetBandwidth;
pub use self::check::GetHealth;
pub use self::graph::GetGraph;
