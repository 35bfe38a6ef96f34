//! Changes and reads of the pinset.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use cairn_primitives::Cid;
use cairn_store::shared::{
    ClusterPin, Expiry, Millis, NewClusterPin, PinKind, PinKinds, Placement, Removal, SharedError,
};
use futures_util::stream::{BoxStream, StreamExt as _, TryStreamExt as _};

use super::allocate::{Candidate, allocate, candidates};
use super::info::Seen;
use super::{Cluster, ClusterError};

/// How many pins the first page of a listing has: the first line is sent soon.
const FIRST_PAGE: usize = 64;

/// How many the following have.
pub(super) const PAGE: usize = 1_000;

/// When a pin expires.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ExpiryOption {
    /// Not said: never, or as before with an update.
    #[default]
    Unset,
    /// At this time, in milliseconds since 1970.
    At(Millis),
    /// So long after it is pinned.
    After(Duration),
}

/// The options of a pin.
#[derive(Clone, Debug, Default)]
pub struct PinOptions {
    /// Its name.
    pub name: String,
    /// Whether only the root block is pinned.
    pub direct: bool,
    /// The least and the most replicas: 0 is the cluster's setting, -1 every peer.
    pub replication: (i64, i64),
    /// The maximum size of shards, in bytes.
    pub shard_size: u64,
    /// The peers that should have it, before others.
    pub peers: Vec<String>,
    /// When it expires.
    pub expiry: ExpiryOption,
    /// The user's own data.
    pub metadata: BTreeMap<String, String>,
    /// A pin whose options and peers are taken over.
    pub update_of: Option<Cid>,
    /// Multiaddrs of peers that have the content.
    pub origins: Vec<String>,
}

/// Replication factors that are valid, and the peers of a pin.
#[derive(Clone, Debug)]
pub(super) struct Allocation {
    pub(super) replication: (i64, i64),
    pub(super) placement: Placement,
}

/// The peers that can take pins.
#[derive(Clone, Debug)]
pub(super) struct Places {
    replication: (i64, i64),
    /// Those that the user prefers.
    chosen: Vec<String>,
    candidates: Vec<Candidate>,
}

fn number(factor: i64) -> usize {
    usize::try_from(factor).unwrap_or(0)
}

impl Places {
    /// The peers of a pin; `current` are those that have it.
    pub(super) fn choose(&self, current: &[String]) -> Result<Allocation, ClusterError> {
        let (least, most) = self.replication;
        let placement = if least == -1 {
            Placement::Everywhere
        } else {
            let (candidates, chosen) = (&self.candidates, &self.chosen);
            let peers = allocate(candidates, current, chosen, number(least), number(most));
            Placement::On(peers.map_err(|few| ClusterError::TooFewPeers {
                least,
                most,
                candidates: few.candidates,
            })?)
        };
        Ok(Allocation {
            replication: self.replication,
            placement,
        })
    }

    /// Notes the bytes of a pin that is placed there, and takes the space of further ones.
    pub(super) fn fill(&mut self, allocation: &Allocation, bytes: u64) {
        let Placement::On(peers) = &allocation.placement else {
            return;
        };
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        for candidate in &mut self.candidates {
            if peers.contains(&candidate.id) {
                candidate.free = candidate.free.saturating_sub(bytes);
            }
        }
    }
}

impl Cluster {
    /// The replication factors, with the cluster's settings where there is none.
    fn replication(&self, (least, most): (i64, i64)) -> Result<(i64, i64), ClusterError> {
        let given = |factor, default| if factor == 0 { default } else { factor };
        let least = given(least, self.settings.replication.0);
        let most = given(most, self.settings.replication.1);
        for factor in [least, most] {
            if factor < -1 || factor == 0 {
                return Err(ClusterError::Replication(factor));
            }
        }
        if (least == -1) != (most == -1) {
            return Err(ClusterError::ReplicationMixed);
        }
        if least > most {
            return Err(ClusterError::ReplicationOrder);
        }
        Ok((least, most))
    }

    /// Chooses the peers of a pin; `current` are those that have it.
    pub(super) async fn allocate(
        &self,
        replication: (i64, i64),
        chosen: &[String],
        current: &[String],
    ) -> Result<Allocation, ClusterError> {
        self.places(replication, chosen).await?.choose(current)
    }

    /// Where pins with these options can be.
    pub(super) async fn places(
        &self,
        replication: (i64, i64),
        chosen: &[String],
    ) -> Result<Places, ClusterError> {
        let (least, most) = self.replication(replication)?;
        let mut places = Places {
            replication: (least, most),
            chosen: chosen.to_vec(),
            candidates: Vec::new(),
        };
        if least == -1 && chosen.is_empty() {
            return Ok(places);
        }
        let rows = self.context.rows();
        let seen = self.seen().await?;
        for peer in chosen {
            if !seen.iter().any(|known| known.info.id == *peer) {
                return Err(ClusterError::Option {
                    option: "user-allocations",
                    reason: format!("names {peer}, which is not a peer of the cluster"),
                });
            }
        }
        if least != -1 {
            let peers = takers(&seen, number(least));
            let metrics = rows.cluster_metrics(None).await?;
            let now = rows.now().await?;
            places.candidates = candidates(peers, &metrics, now);
        }
        Ok(places)
    }

    /// Pins a CID, or changes its options.
    ///
    /// # Errors
    /// [`ClusterError::NotPinned`] when the pin to update is not there, another when an option is not valid or the rows fail.
    pub async fn pin(&self, cid: &Cid, options: PinOptions) -> Result<ClusterPin, ClusterError> {
        let before = self.context.rows().cluster_pin(cid).await?;
        if before.as_ref().is_some_and(|pin| pin.kind != PinKind::Data) {
            return Err(ClusterError::OtherKind { cid: cid.clone() });
        }
        let new = match &options.update_of {
            Some(old) if old != cid => self.updated(cid, old, options.clone()).await?,
            _ => {
                let current = before.map(|pin| pin.peers).unwrap_or_default();
                let allocation = self
                    .allocate(options.replication, &options.peers, &current)
                    .await?;
                new_pin(cid, options, allocation)
            }
        };
        self.put(new).await
    }

    /// A new pin with the options of an old one, and the new name and expiry if there are any.
    async fn updated(
        &self,
        cid: &Cid,
        old: &Cid,
        options: PinOptions,
    ) -> Result<NewClusterPin, ClusterError> {
        let Some(from) = self.context.rows().cluster_pin(old).await? else {
            return Err(ClusterError::NotPinned { cid: old.clone() });
        };
        if from.kind != PinKind::Data {
            return Err(ClusterError::OtherKind { cid: old.clone() });
        }
        let name = Some(options.name).filter(|name| !name.is_empty());
        Ok(NewClusterPin {
            cid: cid.clone(),
            kind: PinKind::Data,
            direct: from.direct,
            name: name.unwrap_or(from.name),
            replication: from.replication,
            shard_size: from.shard_size,
            metadata: from.metadata,
            origins: from.origins,
            update_of: Some(old.clone()),
            reference: None,
            depth: from.depth,
            expiry: match options.expiry {
                ExpiryOption::Unset => from.expires.map_or(Expiry::Never, Expiry::At),
                ExpiryOption::At(time) => Expiry::At(time),
                ExpiryOption::After(time) => Expiry::After(time),
            },
            placement: if from.everywhere {
                Placement::Everywhere
            } else {
                Placement::On(from.peers)
            },
            owner: None,
            source: None,
        })
    }

    /// Writes one pin, and wakes the worker.
    pub(super) async fn put(&self, new: NewClusterPin) -> Result<ClusterPin, ClusterError> {
        let cid = new.cid.clone();
        let written = self.put_all(vec![new]).await?;
        let one = written.into_iter().next();
        one.ok_or(ClusterError::NotPinned { cid })
    }

    pub(super) async fn put_all(
        &self,
        new: Vec<NewClusterPin>,
    ) -> Result<Vec<ClusterPin>, ClusterError> {
        // What this peer has already gives it nothing to do.
        let own = Some(self.peer());
        let is_work = new.iter().any(|pin| pin.source.as_deref() != own);
        let written = self.context.rows().put_cluster_pins(new).await;
        let written = written.map_err(|error| match error {
            SharedError::Range {
                what: "the time of expiry",
            } => ClusterError::Expired,
            SharedError::OtherKind { cid } => ClusterError::OtherKind { cid },
            SharedError::BadName { reason } => ClusterError::Option {
                option: "name",
                reason: reason.to_owned(),
            },
            error => error.into(),
        })?;
        if is_work {
            self.work.notify_one();
        }
        Ok(written)
    }

    /// Removes a pin. Sharded content is removed with its shards.
    ///
    /// # Errors
    /// [`ClusterError::NotPinned`], [`ClusterError::Owned`] for a shard, or when the rows fail.
    pub async fn unpin(&self, cid: &Cid) -> Result<ClusterPin, ClusterError> {
        match self.context.rows().remove_cluster_pin(cid).await? {
            Removal::Removed(pin) => Ok(*pin),
            Removal::Absent => Err(ClusterError::NotPinned { cid: cid.clone() }),
            Removal::Owned => Err(ClusterError::Owned { cid: cid.clone() }),
        }
    }

    /// A pin.
    ///
    /// # Errors
    /// [`ClusterError::NotPinned`], or when the rows fail.
    pub async fn allocation(&self, cid: &Cid) -> Result<ClusterPin, ClusterError> {
        let found = self.context.rows().cluster_pin(cid).await?;
        found.ok_or_else(|| ClusterError::NotPinned { cid: cid.clone() })
    }

    /// The pins of these kinds, page by page.
    pub fn allocations(
        self: &Arc<Self>,
        kinds: PinKinds,
    ) -> BoxStream<'static, Result<ClusterPin, ClusterError>> {
        let start = (Arc::clone(self), None, FIRST_PAGE);
        let pages = futures_util::stream::try_unfold(start, move |(own, after, size)| async move {
            let rows = own.context.rows();
            let page = rows.cluster_pins(kinds, after.as_ref(), size).await?;
            let Some(last) = page.last() else {
                return Ok::<_, ClusterError>(None);
            };
            let after = Some(last.cid.clone());
            let pins = futures_util::stream::iter(page.into_iter().map(Ok));
            Ok(Some((pins, (own, after, PAGE))))
        });
        pages.try_flatten().boxed()
    }
}

/// The peers that can take a pin. When the database was away, and too few have renewed their leases since, those that are
/// expected to renew them count as well.
fn takers(seen: &[Seen], least: usize) -> Vec<String> {
    let of = |awaited: bool| -> Vec<String> {
        let active = seen.iter().filter(|peer| peer.active);
        active
            .filter(|peer| peer.alive || awaited && peer.awaited)
            .map(|peer| peer.info.id.clone())
            .collect()
    };
    let alive = of(false);
    if alive.len() < least { of(true) } else { alive }
}

/// How many pins a page has.
pub(super) fn page_size(first: bool) -> usize {
    if first { FIRST_PAGE } else { PAGE }
}

/// A pin of a DAG with these options.
pub(super) fn new_pin(cid: &Cid, options: PinOptions, allocation: Allocation) -> NewClusterPin {
    NewClusterPin {
        cid: cid.clone(),
        kind: PinKind::Data,
        direct: options.direct,
        name: options.name,
        replication: allocation.replication,
        shard_size: options.shard_size,
        metadata: options.metadata,
        origins: options.origins,
        update_of: options.update_of,
        reference: None,
        depth: if options.direct { 0 } else { -1 },
        expiry: match options.expiry {
            ExpiryOption::Unset => Expiry::Never,
            ExpiryOption::At(time) => Expiry::At(time),
            ExpiryOption::After(time) => Expiry::After(time),
        },
        placement: allocation.placement,
        owner: None,
        source: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::PeerInfo;

    #[test]
    fn peers_that_could_not_renew_their_leases_are_expected() {
        let peer = |id: &str, alive, awaited| Seen {
            info: PeerInfo {
                id: id.to_owned(),
                ..PeerInfo::default()
            },
            alive,
            awaited,
            active: true,
        };
        let seen = [peer("a", true, true), peer("b", false, true)];
        assert_eq!(takers(&seen, 1), ["a"]);
        assert_eq!(takers(&seen, 2), ["a", "b"]);
        let seen = [peer("a", true, false), peer("b", false, false)];
        assert_eq!(takers(&seen, 2), ["a"]);
    }
}
