//! Metrics of the peers.

mod metrics;
mod names;

pub use self::metrics::GetMetrics;
pub use self::names::GetMetricNames;
