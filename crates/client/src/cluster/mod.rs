//! A client of the REST API of IPFS Cluster, for peers of IPFS Cluster 1.1 and of Cairn.
//!
//! ```no_run
//! # async fn example() -> Result<(), cairn_client::cluster::ClusterError> {
//! use std::time::Duration;
//! use cairn_client::Cluster;
//! use cairn_client::cluster::{PinOptions, Target, Wait};
//!
//! let cluster = Cluster::builder("/dns/one.example/tcp/9094")
//!     .peer("/dns/two.example/tcp/9094")
//!     .basic("ann", "a password")
//!     .build()?;
//! let added = cluster.add("holiday").recursive(true).name("holiday").await?;
//! let root = added.root()?;
//! cluster.wait(&root, &Wait::new(Target::Pinned, Duration::from_secs(600))).await?;
//!
//! let options = PinOptions::default().replicated(2, 3).tagged("team", "archive");
//! cluster.pin(&root, &options).await?;
//! let mut pins = cluster.allocations(&[]).await?;
//! while let Some(pin) = pins.next().await? {
//!     println!("{} {}", pin.cid, pin.name);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Several peers
//!
//! Requests go to one peer of those that were named, until it fails; then to the next. A request is only repeated at another peer
//! if it changes nothing, if it never reached the first one, or if that one answered that it cannot serve requests (503). Uploads
//! are not repeated, because their content was read: with several peers one is chosen that answers a request for its health.

mod add;
mod builder;
mod calls;
mod error;
mod peers;
mod records;
#[cfg(test)]
mod tests;
mod wait;

use std::sync::Arc;

pub use cairn_wire::cluster::pins::Namespace;
pub use cairn_wire::cluster::{
    AddFormat, AddLayout, AddedOutput, Alert, Bandwidth, CidText, ConnectGraph, GlobalPinInfo,
    GlobalRepoGc, Id, IpfsId, Metric, Pin, PinInfo, PinMode, PinOptions, PinType, PinTypeFilter,
    RemovedKey, RepoGc, StatusFilter, Time, Token, TrackerStatus, Version,
};

pub use self::add::{AddCall, AddEvent, AddEvents, AddOutcome};
pub use self::builder::{Builder, DEFAULT_ADDR};
pub use self::calls::{Peers, StatusQuery};
pub use self::error::{Attempt, ClusterError};
use self::peers::Endpoints;
pub use self::records::Records;
pub use self::wait::{Target, Wait};

/// A client of a cluster. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Cluster {
    endpoints: Arc<Endpoints>,
}
