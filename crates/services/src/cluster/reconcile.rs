//! Repairs the pinset: expired pins, peers that are gone or drained.

use std::sync::Arc;

use cairn_primitives::Cid;
use cairn_store::shared::{PeerState, PinStatusRow, SharedError};
use tokio_util::sync::CancellationToken;

use super::allocate::{allocate, candidates};
use super::pinset::PAGE;
use super::{Cluster, ClusterError};

impl Cluster {
    /// Repairs until the token is cancelled. Every peer does it; what two of them find at once is written once.
    pub(super) async fn reconcile(self: &Arc<Self>, stop: CancellationToken) {
        loop {
            if self.lease().is_some()
                && let Err(error) = self.sweep().await
            {
                match error {
                    ClusterError::Rows(SharedError::Unreachable(_) | SharedError::Closed) => {}
                    error => tracing::warn!(%error, "cannot repair the pinset"),
                }
            }
            tokio::select! {
                () = tokio::time::sleep(self.settings.sweep) => {}
                () = stop.cancelled() => return,
            }
        }
    }

    /// One look through the pinset.
    async fn sweep(&self) -> Result<(), ClusterError> {
        let rows = self.context.rows();
        while rows.expire_cluster_pins(PAGE).await? == PAGE {}
        self.replace().await?;
        for peer in rows.remove_drained_peers().await? {
            tracing::info!(peer, "a drained peer was removed from the cluster");
        }
        self.alerts.note(&self.context, &self.settings).await?;
        Ok(())
    }

    /// Gives the pins of peers that are gone to others.
    async fn replace(&self) -> Result<(), ClusterError> {
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
                self.replace_one(row, &candidates, &kept).await?;
            }
        }
    }

    async fn replace_one(
        &self,
        row: PinStatusRow,
        usable: &[super::allocate::Candidate],
        kept: &[&str],
    ) -> Result<(), ClusterError> {
        let PinStatusRow { pin, .. } = row;
        let (stay, gone): (Vec<String>, Vec<String>) = pin
            .peers
            .iter()
            .cloned()
            .partition(|peer| kept.contains(&peer.as_str()));
        if gone.is_empty() {
            return Ok(());
        }
        let number = |factor| usize::try_from(factor).unwrap_or(0);
        // As many as before, and no fewer than the least.
        let wanted = pin.peers.len().max(number(pin.replication.0));
        let missing = wanted.saturating_sub(stay.len());
        let others: Vec<_> = usable
            .iter()
            .filter(|peer| !stay.contains(&peer.id))
            .cloned()
            .collect();
        let Ok(new) = allocate(&others, &[], &[], 0, missing) else {
            return Ok(());
        };
        if new.is_empty() && stay.len() < number(pin.replication.0).max(1) {
            // Nobody can take it: the peer that is gone keeps its place, and is looked at again.
            return Ok(());
        }
        let peers: Vec<String> = stay.into_iter().chain(new).collect();
        tracing::info!(cid = %pin.cid, ?gone, ?peers, "a pin moves to other peers");
        self.context
            .rows()
            .reassign_pin(&pin.cid, pin.version, peers)
            .await?;
        self.work.notify_one();
        Ok(())
    }
}
