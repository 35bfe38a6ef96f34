//! Repairs the pinset: expired pins, peers that are gone or drained.

use std::sync::Arc;

use cairn_primitives::Cid;
use cairn_store::shared::{ClusterPin, Lease, PeerState, PinStatusRow, SharedError};
use tokio_util::sync::CancellationToken;

use super::allocate::{Candidate, allocate, candidates};
use super::pinset::PAGE;
use super::{Cluster, ClusterError};

impl Cluster {
    /// Repairs until the token is cancelled. Every peer does it; what two of them find at once is written once.
    pub(super) async fn reconcile(self: &Arc<Self>, stop: CancellationToken) {
        loop {
            if let Some(lease) = self.lease()
                && let Err(error) = self.sweep(&lease).await
            {
                match error {
                    ClusterError::Rows(SharedError::Unreachable(_) | SharedError::Closed) => {}
                    error => tracing::warn!(%error, "cannot repair the pinset"),
                }
            }
            tokio::select! {
                biased;
                () = stop.cancelled() => return,
                () = tokio::time::sleep(self.settings.sweep) => {}
            }
        }
    }

    /// One look through the pinset.
    async fn sweep(&self, lease: &Lease) -> Result<(), ClusterError> {
        let rows = self.context.rows();
        while rows.expire_cluster_pins(PAGE).await? == PAGE {}
        self.replace(lease).await?;
        for peer in rows.remove_drained_peers().await? {
            tracing::info!(peer, "a drained peer was removed from the cluster");
        }
        self.alerts.note(&self.context, &self.settings).await?;
        Ok(())
    }

    /// Gives the pins of peers that are gone to others.
    async fn replace(&self, lease: &Lease) -> Result<(), ClusterError> {
        let rows = self.context.rows();
        let patience = self.settings.patience;
        let mut after: Option<Cid> = None;
        loop {
            let page = rows.misplaced_pins(patience, after.as_ref(), PAGE).await?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            after = Some(last.pin.cid.clone());
            let found = rows.cluster_peers().await?;
            let metrics = rows.cluster_metrics(None).await?;
            let usable = found
                .peers
                .iter()
                .filter(|peer| peer.state == PeerState::Active && peer.lease > found.now);
            let usable = usable.map(|peer| peer.id.clone());
            let candidates = candidates(usable, &metrics, found.now);
            // A peer whose lease has not run out for long enough keeps what it has.
            let kept: Vec<&str> = found
                .peers
                .iter()
                .filter(|peer| {
                    let gone = i64::try_from(patience.as_millis()).unwrap_or(i64::MAX);
                    peer.state == PeerState::Active && peer.lease.saturating_add(gone) >= found.now
                })
                .map(|peer| peer.id.as_str())
                .collect();
            for row in page {
                self.replace_one(lease, row, &candidates, &kept).await?;
            }
        }
    }

    async fn replace_one(
        &self,
        lease: &Lease,
        row: PinStatusRow,
        usable: &[Candidate],
        kept: &[&str],
    ) -> Result<(), ClusterError> {
        let PinStatusRow { pin, .. } = row;
        let Some(peers) = replaced(&pin, usable, kept) else {
            return Ok(());
        };
        tracing::info!(cid = %pin.cid, from = ?pin.peers, to = ?peers, "a pin moves to other peers");
        self.context
            .rows()
            .reassign_pin(lease, &pin.cid, pin.version, peers)
            .await?;
        self.work.notify_one();
        Ok(())
    }
}

/// The peers that a pin has in place of those that are gone; `None` if nothing changes.
fn replaced(pin: &ClusterPin, usable: &[Candidate], kept: &[&str]) -> Option<Vec<String>> {
    let (stay, gone): (Vec<String>, Vec<String>) = pin
        .peers
        .iter()
        .cloned()
        .partition(|peer| kept.contains(&peer.as_str()));
    let least = usize::try_from(pin.replication.0).unwrap_or(0).max(1);
    // As many as before, and no fewer than the least.
    let missing = pin.peers.len().max(least).saturating_sub(stay.len());
    let others: Vec<Candidate> = usable
        .iter()
        .filter(|peer| !stay.contains(&peer.id))
        .cloned()
        .collect();
    let new = allocate(&others, &[], &[], 0, missing).unwrap_or_default();
    // Where too few can take it, peers that are gone keep their places: they may return, and are looked at again.
    let open = least.saturating_sub(stay.len() + new.len());
    let waiting = gone.iter().filter(|peer| !new.contains(peer)).take(open);
    let waiting: Vec<String> = waiting.cloned().collect();
    if new.is_empty() && waiting.len() == gone.len() {
        return None;
    }
    Some(stay.into_iter().chain(new).chain(waiting).collect())
}

#[cfg(test)]
mod tests {
    use cairn_primitives::{Codec, Multihash};
    use cairn_store::shared::PinKind;

    use super::*;

    fn ids(ids: &[&str]) -> Vec<String> {
        ids.iter().map(|id| (*id).to_owned()).collect()
    }

    fn pin(replication: (i64, i64), peers: &[&str]) -> ClusterPin {
        ClusterPin {
            cid: Cid::v1(Codec::RAW, Multihash::sha2_256(b"pin")),
            version: 1,
            kind: PinKind::Data,
            direct: false,
            name: String::new(),
            replication,
            shard_size: 0,
            metadata: Default::default(),
            origins: Vec::new(),
            update_of: None,
            reference: None,
            depth: -1,
            expires: None,
            created: 0,
            everywhere: false,
            peers: ids(peers),
        }
    }

    fn usable(peers: &[&str]) -> Vec<Candidate> {
        candidates(ids(peers), &[], 0)
    }

    #[test]
    fn peers_that_are_gone_are_replaced() {
        let pin = pin((2, 3), &["a", "b"]);
        let found = replaced(&pin, &usable(&["a", "c", "d"]), &["a", "c", "d"]);
        assert_eq!(found, Some(ids(&["a", "c"])));
        assert_eq!(replaced(&pin, &usable(&["c"]), &["a", "b"]), None);
    }

    #[test]
    fn the_least_number_of_replicas_is_kept() {
        // Both are gone, and one peer is there: one of them keeps its place.
        let both = pin((2, 2), &["a", "b"]);
        let found = replaced(&both, &usable(&["c"]), &["c"]);
        assert_eq!(found, Some(ids(&["c", "a"])));
        // It is looked at again, and nothing changes until another peer is there.
        let waits = pin((2, 2), &["c", "a"]);
        assert_eq!(replaced(&waits, &usable(&["c"]), &["c"]), None);
        let found = replaced(&waits, &usable(&["c", "d"]), &["c", "d"]);
        assert_eq!(found, Some(ids(&["c", "d"])));
        assert_eq!(replaced(&both, &[], &[]), None);
        // More than the least is not waited for.
        let three = pin((1, 3), &["a", "b", "c"]);
        let found = replaced(&three, &usable(&["c"]), &["c"]);
        assert_eq!(found, Some(ids(&["c"])));
    }
}
