//! What each peer has of a pin.

use std::sync::Arc;

use cairn_primitives::Cid;
use cairn_store::shared::{
    ClusterPin, Holding, HoldingStatus, Millis, PinKind, PinListing, PinStatusRow, Statuses,
};
use futures_util::stream::{BoxStream, StreamExt as _, TryStreamExt as _};

use super::info::Seen;
use super::pinset::page_size;
use super::{Cluster, ClusterError, PinStatus};

/// How often a pin is tried before others, and how long after it was written, in milliseconds.
const PRIORITY: (u32, Millis) = (5, 24 * 3_600_000);

/// The status of a pin at a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// The lease of the peer has run out.
    ClusterError,
    /// It cannot pin it.
    PinError,
    /// It has it.
    Pinned,
    /// It is pinning it.
    Pinning,
    /// It is to pin it.
    PinQueued,
    /// It has it until others have it.
    UnpinQueued,
    /// The pin is not there.
    Unpinned,
    /// Others have it.
    Remote,
    /// It is sharded content, of which only the shards are pinned.
    Sharded,
}

/// A set of statuses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StatusSet(u16);

impl StatusSet {
    /// With this one.
    #[must_use]
    pub fn with(self, status: Status) -> Self {
        Self(self.0 | 1 << status as u16)
    }

    /// Whether it has this one.
    #[must_use]
    pub fn has(self, status: Status) -> bool {
        self.0 & 1 << status as u16 != 0
    }
}

/// Whose status is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// That of all peers.
    All,
    /// That of this peer.
    Local,
}

/// The status of a pin at one peer.
#[derive(Clone, Debug)]
pub struct PeerStatus {
    /// The ID of the peer.
    pub peer: String,
    /// Its name.
    pub name: String,
    /// The status.
    pub status: Status,
    /// Since when; now if absent.
    pub since: Option<Millis>,
    /// Why pinning failed.
    pub error: String,
    /// How often it was tried.
    pub attempts: u32,
    /// Whether it is tried before others.
    pub priority: bool,
}

impl PeerStatus {
    fn new(peer: &Seen, status: Status) -> Self {
        Self {
            peer: peer.info.id.clone(),
            name: peer.info.name.clone(),
            status,
            since: None,
            error: String::new(),
            attempts: 0,
            priority: false,
        }
    }

    fn of(peer: &Seen, pin: &ClusterPin, holding: &Holding) -> Self {
        let own = Self {
            since: Some(holding.changed),
            error: holding.error.clone(),
            ..Self::new(peer, Status::Pinned)
        };
        if !peer.alive {
            return Self {
                status: Status::ClusterError,
                error: "the lease of the peer has run out".to_owned(),
                ..own
            };
        }
        let new = holding.changed.saturating_sub(pin.created) < PRIORITY.1;
        let waiting = |status| Self {
            status,
            attempts: holding.attempts,
            priority: holding.attempts <= PRIORITY.0 && new,
            ..own.clone()
        };
        match holding.status {
            HoldingStatus::Pinned if holding.assigned => own,
            HoldingStatus::Pinned => Self {
                status: Status::UnpinQueued,
                ..own
            },
            HoldingStatus::Queued => waiting(Status::PinQueued),
            HoldingStatus::Pinning => waiting(Status::Pinning),
            HoldingStatus::Failed => waiting(Status::PinError),
        }
    }
}

/// The status of a pin at these peers.
fn view(row: PinStatusRow, seen: &[Seen]) -> PinStatus {
    let PinStatusRow { pin, holdings } = row;
    let peers = seen.iter().filter_map(|peer| {
        if pin.kind == PinKind::Meta {
            return Some(PeerStatus {
                since: Some(pin.created),
                ..PeerStatus::new(peer, Status::Sharded)
            });
        }
        match holdings.iter().find(|holding| holding.peer == peer.info.id) {
            Some(holding) => Some(PeerStatus::of(peer, &pin, holding)),
            // A peer that has not joined yet has nothing to say.
            None if pin.everywhere => None,
            None => Some(PeerStatus {
                since: Some(pin.created),
                ..PeerStatus::new(peer, Status::Remote)
            }),
        }
    });
    let peers = peers.collect();
    PinStatus {
        cid: pin.cid.clone(),
        pin: Some(pin),
        peers,
    }
}

/// Which holdings a pin must have to be listed; `None` for all pins.
fn prefilter(filter: StatusSet, seen: &[Seen]) -> Option<Statuses> {
    let dead = seen.iter().any(|peer| !peer.alive);
    let others = [Status::UnpinQueued, Status::Remote, Status::Sharded];
    if others.into_iter().any(|other| filter.has(other)) || dead && filter.has(Status::ClusterError)
    {
        return None;
    }
    let pairs = [
        (Status::Pinned, HoldingStatus::Pinned),
        (Status::Pinning, HoldingStatus::Pinning),
        (Status::PinQueued, HoldingStatus::Queued),
        (Status::PinError, HoldingStatus::Failed),
    ];
    let wanted: Vec<HoldingStatus> = pairs
        .into_iter()
        .filter(|(status, _)| filter.has(*status))
        .map(|(_, holding)| holding)
        .collect();
    Some(Statuses::of(&wanted))
}

impl Cluster {
    /// The peers of a scope.
    async fn scope(&self, scope: Scope) -> Result<Arc<[Seen]>, ClusterError> {
        let mut seen = self.seen().await?;
        if scope == Scope::Local {
            seen.retain(|peer| peer.info.id == self.peer());
        }
        Ok(seen.into())
    }

    /// The status of a CID, whether it is pinned or not.
    ///
    /// # Errors
    /// When the rows fail.
    pub async fn status(&self, cid: &Cid, scope: Scope) -> Result<PinStatus, ClusterError> {
        let seen = self.scope(scope).await?;
        self.status_at(cid, &seen).await
    }

    /// The status of each of these CIDs, in their order, whether it is pinned or not. Not more than `lookups` are looked up at
    /// the same time.
    pub fn statuses_of(
        self: &Arc<Self>,
        cids: Vec<Cid>,
        scope: Scope,
        lookups: usize,
    ) -> BoxStream<'static, Result<PinStatus, ClusterError>> {
        let own = Arc::clone(self);
        let opened = async move {
            let seen = own.scope(scope).await?;
            let found = futures_util::stream::iter(cids).map(move |cid| {
                let (own, seen) = (Arc::clone(&own), Arc::clone(&seen));
                async move { own.status_at(&cid, &seen).await }
            });
            Ok::<_, ClusterError>(found.buffered(lookups))
        };
        futures_util::stream::once(opened).try_flatten().boxed()
    }

    async fn status_at(&self, cid: &Cid, seen: &[Seen]) -> Result<PinStatus, ClusterError> {
        Ok(match self.context.rows().cluster_status(cid).await? {
            Some(row) => view(row, seen),
            None => PinStatus {
                cid: cid.clone(),
                pin: None,
                peers: seen
                    .iter()
                    .map(|peer| PeerStatus::new(peer, Status::Unpinned))
                    .collect(),
            },
        })
    }

    /// The status of all pins, or of those that have one of these statuses at a peer. Only the peers with such a status are
    /// listed then.
    pub fn statuses(
        self: &Arc<Self>,
        filter: Option<StatusSet>,
        scope: Scope,
    ) -> BoxStream<'static, Result<PinStatus, ClusterError>> {
        let own = Arc::clone(self);
        let opened = async move {
            let seen = own.scope(scope).await?;
            let with = filter.and_then(|filter| prefilter(filter, &seen));
            Ok::<_, ClusterError>(own.pages(with, seen, filter))
        };
        futures_util::stream::once(opened).try_flatten().boxed()
    }

    fn pages(
        self: Arc<Self>,
        with: Option<Statuses>,
        seen: Arc<[Seen]>,
        filter: Option<StatusSet>,
    ) -> BoxStream<'static, Result<PinStatus, ClusterError>> {
        let start = (self, None, seen);
        let pages = futures_util::stream::try_unfold(start, move |(own, after, seen)| async move {
            let after: Option<Cid> = after;
            let listing = PinListing {
                with,
                after: after.as_ref(),
            };
            let size = page_size(after.is_none());
            let page = own.context.rows().cluster_statuses(listing, size).await?;
            let Some(last) = page.last() else {
                return Ok::<_, ClusterError>(None);
            };
            let after = Some(last.pin.cid.clone());
            let shown: Vec<_> = page
                .into_iter()
                .map(|row| view(row, &seen))
                .filter_map(|status| shown(status, filter))
                .map(Ok)
                .collect();
            Ok(Some((
                futures_util::stream::iter(shown),
                (own, after, seen),
            )))
        });
        pages.try_flatten().boxed()
    }

    /// Queues a pin again where it failed.
    ///
    /// # Errors
    /// When the rows fail.
    pub async fn recover(&self, cid: &Cid, scope: Scope) -> Result<PinStatus, ClusterError> {
        let peer = (scope == Scope::Local).then(|| self.peer());
        self.context
            .rows()
            .retry_holdings(Some(cid), peer, None, 1_000)
            .await?;
        self.work.notify_one();
        self.status(cid, scope).await
    }

    /// Queues all pins again that failed before. They are in the stream, each at most once.
    pub fn recover_all(
        self: &Arc<Self>,
        scope: Scope,
    ) -> BoxStream<'static, Result<PinStatus, ClusterError>> {
        let start = (Arc::clone(self), None);
        let pages = futures_util::stream::try_unfold(start, move |(own, until)| async move {
            let rows = own.context.rows();
            // What fails again meanwhile is not retried: that may never end.
            let until = match until {
                Some(until) => until,
                None => rows.now().await?,
            };
            let peer = (scope == Scope::Local).then(|| own.peer());
            let retried = rows.retry_holdings(None, peer, Some(until), 1_000).await?;
            if retried.is_empty() {
                return Ok::<_, ClusterError>(None);
            }
            own.work.notify_one();
            let seen = own.scope(scope).await?;
            let each = Arc::clone(&own);
            let statuses = futures_util::stream::iter(retried).then(move |cid| {
                let (own, seen) = (Arc::clone(&each), Arc::clone(&seen));
                async move { own.status_at(&cid, &seen).await }
            });
            Ok(Some((statuses, (own, Some(until)))))
        });
        pages.try_flatten().boxed()
    }
}

/// What is shown of a status with a filter.
fn shown(mut status: PinStatus, filter: Option<StatusSet>) -> Option<PinStatus> {
    if let Some(filter) = filter {
        status.peers.retain(|peer| filter.has(peer.status));
        if status.peers.is_empty() {
            return None;
        }
    }
    Some(status)
}
