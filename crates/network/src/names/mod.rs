//! IPNS records over messages by topic (`Ipns.UsePubsub`).
//!
//! A node subscribes to the topic of each name that it publishes or resolves, so that it learns of new records at once. Only
//! valid records that are better than the known one are kept and passed on. A peer that joins a topic is asked for its record
//! with the protocol `/libp2p/fetch/0.0.1`, which this also answers, and records are published again every ten minutes.
//!
//! Specification: <https://specs.ipfs.tech/ipns/ipns-pubsub-router/>.

mod combined;
mod fetch;
mod records;
#[cfg(test)]
mod tests;
mod topic;
mod work;

use std::time::Duration;

pub use combined::Combined;
pub use records::{TopicRecords, TopicRecordsError};
pub use topic::topic;

/// Parameters of IPNS over messages by topic. The default is Kubo's, apart from bounds.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// Most names with a subscription. For another name, the subscription of the one that was not used for the longest time
    /// ends; own names are published again when their record is renewed.
    pub max_names: usize,
    /// Time between two publications of all records.
    pub publish_interval: Duration,
    /// How long a lookup waits for a record at most.
    pub max_wait: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_names: 1024,
            publish_interval: Duration::from_secs(600),
            max_wait: Duration::from_secs(60),
        }
    }
}
