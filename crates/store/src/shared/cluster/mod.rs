//! The cluster: its peers, the pinset, and what each peer has of it.
//!
//! A process joins under the ID of its node and holds a [`Lease`]. Every write of its work checks the lease: one that ran
//! out, or belongs to an earlier process, changes nothing. A pin names the peers that should have its content, and there is a
//! [`Holding`] for each. An old holder keeps its row until the new ones have the content.

mod peer;
mod pin;
mod user;

use std::time::Duration;

use cairn_primitives::Cid;
use futures_util::future::BoxFuture;

use super::{Millis, SharedError};

pub use self::peer::{ClusterMetric, ClusterPeer, Lease, NewMetric, PeerState, Peers, Renewal};
pub use self::pin::{
    Claimed, ClusterPin, ClusterPins, Expiry, Holding, HoldingStatus, NewClusterPin, Outcome,
    PinKind, PinKinds, PinListing, PinStatusRow, Placement, Removal, Statuses,
};
pub(super) use self::pin::{Columns, PinColumns, cid, holding, ids_of, status_row};
pub use self::user::ClusterUser;

/// What an operation on the rows gives.
pub(super) type Answer<'a, T> = BoxFuture<'a, Result<T, SharedError>>;

/// The tables of the cluster.
pub trait ClusterRows: Send + Sync + 'static {
    /// Joins the cluster, or takes over from an earlier process of the same node. What that was pinning is queued again.
    /// A new peer is given every pin that all peers should have. What others failed to pin, and this one has, is due at once.
    fn join_cluster<'a>(
        &'a self,
        peer: &'a str,
        info: &'a str,
        term: Duration,
    ) -> Answer<'a, Lease>;

    /// Renews a lease, also one that ran out, and replaces the peer's information and metrics. When no peer has renewed
    /// its lease for `outage`, no lease counts as run out for that long and `patience` more.
    fn renew_lease<'a>(
        &'a self,
        lease: &'a Lease,
        info: &'a str,
        metrics: Vec<NewMetric>,
        term: Duration,
        outage: Duration,
        patience: Duration,
    ) -> Answer<'a, Renewal>;

    /// All peers, at most [`MAX_PEERS`].
    fn cluster_peers(&self) -> Answer<'_, Peers>;

    /// The metrics of all peers with this name, or all of them, by peer and name.
    fn cluster_metrics<'a>(&'a self, name: Option<&'a str>) -> Answer<'a, Vec<ClusterMetric>>;

    /// Takes a peer's pins from it: others get them, and then it is removed. `false` if there is no such peer.
    fn drain_peer<'a>(&'a self, peer: &'a str) -> Answer<'a, bool>;

    /// Removes the drained peers that have no pins any more.
    fn remove_drained_peers(&self) -> Answer<'_, Vec<String>>;

    /// Writes pins and whom they are assigned to, all or none. Pins of shards name their owner, which must be among the
    /// pins, before them. A pin keeps its kind: [`SharedError::OtherKind`]. A peer that was removed since it was chosen is
    /// there again, as one that is drained.
    fn put_cluster_pins(&self, pins: Vec<NewClusterPin>) -> Answer<'_, Vec<ClusterPin>>;

    /// A pin.
    fn cluster_pin<'a>(&'a self, cid: &'a Cid) -> Answer<'a, Option<ClusterPin>>;

    /// Up to `limit` pins of these kinds after another in the order of their CIDs' bytes.
    fn cluster_pins<'a>(
        &'a self,
        kinds: PinKinds,
        after: Option<&'a Cid>,
        limit: usize,
    ) -> Answer<'a, ClusterPins>;

    /// A pin with its holdings.
    fn cluster_status<'a>(&'a self, cid: &'a Cid) -> Answer<'a, Option<PinStatusRow>>;

    /// Up to `limit` pins with their holdings, as [`cluster_pins`](Self::cluster_pins).
    fn cluster_statuses<'a>(
        &'a self,
        listing: PinListing<'a>,
        limit: usize,
    ) -> Answer<'a, Vec<PinStatusRow>>;

    /// Removes a pin, and the shards that no other owns. Their holders release the content.
    fn remove_cluster_pin<'a>(&'a self, cid: &'a Cid) -> Answer<'a, Removal>;

    /// Removes up to `limit` pins that have expired; the number of them.
    fn expire_cluster_pins(&self, limit: usize) -> Answer<'_, usize>;

    /// Up to `limit` holdings that the peer should pin now, which are marked as being pinned. Nothing without a valid lease.
    fn claim_holdings<'a>(&'a self, lease: &'a Lease, limit: usize) -> Answer<'a, Vec<Claimed>>;

    /// Records how pinning ended. `pin` is what was claimed. `false` when the lease is not valid, or the peer should not have
    /// the pin any more, or not in this way.
    fn finish_holding<'a>(
        &'a self,
        lease: &'a Lease,
        pin: &'a ClusterPin,
        outcome: Outcome,
    ) -> Answer<'a, bool>;

    /// Queues again what the peer is pinning by its rows, except for `working`, on which it works: an answer to
    /// [`claim_holdings`](Self::claim_holdings) was lost, or an end could not be recorded. `false` without a valid lease.
    fn requeue_holdings<'a>(&'a self, lease: &'a Lease, working: &'a [Cid]) -> Answer<'a, bool>;

    /// Queues the failed holdings again: of one pin or all, of one peer or all, of those that failed until a time or all.
    /// The pins that have one.
    fn retry_holdings<'a>(
        &'a self,
        cid: Option<&'a Cid>,
        peer: Option<&'a str>,
        until: Option<Millis>,
        limit: usize,
    ) -> Answer<'a, Vec<Cid>>;

    /// Up to `limit` pins after another that are assigned to a peer which is drained, or whose lease ran out longer ago than
    /// `patience`. None during the grace period after an outage.
    fn misplaced_pins<'a>(
        &'a self,
        patience: Duration,
        after: Option<&'a Cid>,
        limit: usize,
    ) -> Answer<'a, Vec<PinStatusRow>>;

    /// Assigns a pin to other peers, if its version is still this one. `false` if it is not, or without a valid lease.
    fn reassign_pin<'a>(
        &'a self,
        lease: &'a Lease,
        cid: &'a Cid,
        version: i64,
        peers: Vec<String>,
    ) -> Answer<'a, bool>;

    /// The peers that have pinned this content, in any mode and by any form of its CID.
    fn content_holders<'a>(&'a self, cid: &'a Cid) -> Answer<'a, Vec<String>>;

    /// Up to `limit` pins after another that the peer has pinned, in the order of their CIDs' bytes.
    fn pinned_holdings<'a>(
        &'a self,
        peer: &'a str,
        after: Option<&'a Cid>,
        limit: usize,
    ) -> Answer<'a, Vec<Cid>>;

    /// Queues a pin again that the peer has pinned by the rows, and lost; `false` if it has not pinned it.
    fn requeue_lost<'a>(&'a self, peer: &'a str, cid: &'a Cid) -> Answer<'a, bool>;

    /// Whether the peer has or should have a pin of this content.
    fn cluster_wants<'a>(&'a self, peer: &'a str, cid: &'a Cid) -> Answer<'a, bool>;

    /// How many holdings of the peer are not pinned, and how many are.
    fn count_holdings<'a>(&'a self, peer: &'a str) -> Answer<'a, (u64, u64)>;

    /// The secret that peers share; the proposed one when there is none yet.
    fn cluster_secret(&self, proposed: [u8; 32]) -> Answer<'_, Vec<u8>>;

    /// Creates a user, or changes the password. The hash is of the password; the secret signs the user's tokens.
    fn set_cluster_user<'a>(
        &'a self,
        name: &'a str,
        hash: &'a str,
        secret: [u8; 32],
    ) -> Answer<'a, ClusterUser>;

    /// A user.
    fn cluster_user<'a>(&'a self, name: &'a str) -> Answer<'a, Option<ClusterUser>>;

    /// Up to `limit` users after a name.
    fn cluster_users<'a>(
        &'a self,
        after: Option<&'a str>,
        limit: usize,
    ) -> Answer<'a, Vec<ClusterUser>>;

    /// Removes a user; `false` if there is none.
    fn remove_cluster_user<'a>(&'a self, name: &'a str) -> Answer<'a, bool>;
}

/// Maximum number of peers; more are refused.
pub const MAX_PEERS: usize = 1_000;

/// Maximum number of metrics of a peer; more are left out.
pub const MAX_METRICS: usize = 64;
