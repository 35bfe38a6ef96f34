//! The cluster in PostgreSQL.

mod peers;
mod pins;
mod users;
mod work;
mod write;

use std::time::Duration;

use cairn_primitives::Cid;

use super::{PostgresRows, again, failed};
use crate::shared::Millis;
use crate::shared::cluster::{
    Answer, Claimed, ClusterMetric, ClusterPin, ClusterPins, ClusterRows, ClusterUser, Lease,
    NewClusterPin, NewMetric, Outcome, Peers, PinKinds, PinListing, PinStatusRow, Placement,
    Removal, Renewal, ids_of,
};

const READ: &str = "read the cluster of";
const WRITE: &str = "write the cluster to";

/// The advisory lock of peers that join: any number that others do not lock.
const JOINING: i64 = 1_131_572_852;

impl ClusterRows for PostgresRows {
    fn join_cluster<'a>(
        &'a self,
        peer: &'a str,
        info: &'a str,
        term: Duration,
    ) -> Answer<'a, Lease> {
        Box::pin(again(move || peers::join(&self.pool, peer, info, term)))
    }

    fn renew_lease<'a>(
        &'a self,
        lease: &'a Lease,
        info: &'a str,
        metrics: Vec<NewMetric>,
        term: Duration,
        outage: Duration,
        patience: Duration,
    ) -> Answer<'a, Renewal> {
        Box::pin(async move {
            let times = (term, outage, patience);
            again(|| peers::renew(&self.pool, lease, info, &metrics, times)).await
        })
    }

    fn cluster_peers(&self) -> Answer<'_, Peers> {
        Box::pin(peers::all(&self.pool))
    }

    fn cluster_metrics<'a>(&'a self, name: Option<&'a str>) -> Answer<'a, Vec<ClusterMetric>> {
        Box::pin(peers::metrics(&self.pool, name))
    }

    fn drain_peer<'a>(&'a self, peer: &'a str) -> Answer<'a, bool> {
        Box::pin(again(move || peers::drain(&self.pool, peer)))
    }

    fn remove_drained_peers(&self) -> Answer<'_, Vec<String>> {
        Box::pin(again(move || peers::remove_drained(&self.pool)))
    }

    fn put_cluster_pins(&self, new: Vec<NewClusterPin>) -> Answer<'_, Vec<ClusterPin>> {
        Box::pin(async move { again(|| write::put_all(&self.pool, &new)).await })
    }

    fn cluster_pin<'a>(&'a self, cid: &'a Cid) -> Answer<'a, Option<ClusterPin>> {
        Box::pin(async move { Ok(self.cluster_status(cid).await?.map(|row| row.pin)) })
    }

    fn cluster_pins<'a>(
        &'a self,
        kinds: PinKinds,
        after: Option<&'a Cid>,
        limit: usize,
    ) -> Answer<'a, ClusterPins> {
        Box::pin(async move {
            let after = after.map(Cid::to_bytes).unwrap_or_default();
            pins::page(&self.pool, kinds, &after, limit).await
        })
    }

    fn cluster_status<'a>(&'a self, cid: &'a Cid) -> Answer<'a, Option<PinStatusRow>> {
        Box::pin(async move {
            let mut connection = self.pool.acquire().await.map_err(failed(READ))?;
            pins::status(&mut connection, &cid.to_bytes()).await
        })
    }

    fn cluster_statuses<'a>(
        &'a self,
        listing: PinListing<'a>,
        limit: usize,
    ) -> Answer<'a, Vec<PinStatusRow>> {
        Box::pin(async move {
            let after = listing.after.map(Cid::to_bytes).unwrap_or_default();
            pins::statuses(&self.pool, listing.with, &after, limit).await
        })
    }

    fn remove_cluster_pin<'a>(&'a self, cid: &'a Cid) -> Answer<'a, Removal> {
        Box::pin(async move {
            let id = cid.to_bytes();
            again(|| write::remove_one(&self.pool, &id)).await
        })
    }

    fn expire_cluster_pins(&self, limit: usize) -> Answer<'_, usize> {
        Box::pin(again(move || write::expire(&self.pool, limit)))
    }

    fn claim_holdings<'a>(&'a self, lease: &'a Lease, limit: usize) -> Answer<'a, Vec<Claimed>> {
        Box::pin(again(move || work::claim(&self.pool, lease, limit)))
    }

    fn finish_holding<'a>(
        &'a self,
        lease: &'a Lease,
        pin: &'a ClusterPin,
        outcome: Outcome,
    ) -> Answer<'a, bool> {
        Box::pin(async move {
            let id = pin.cid.to_bytes();
            again(|| work::finish(&self.pool, lease, &id, pin.direct, &outcome)).await
        })
    }

    fn requeue_holdings<'a>(&'a self, lease: &'a Lease, working: &'a [Cid]) -> Answer<'a, bool> {
        let working: Vec<Vec<u8>> = working.iter().map(Cid::to_bytes).collect();
        Box::pin(async move { again(|| work::requeue(&self.pool, lease, &working)).await })
    }

    fn retry_holdings<'a>(
        &'a self,
        cid: Option<&'a Cid>,
        peer: Option<&'a str>,
        until: Option<Millis>,
        limit: usize,
    ) -> Answer<'a, Vec<Cid>> {
        Box::pin(async move {
            let id = cid.map(Cid::to_bytes);
            again(|| work::retry(&self.pool, id.as_deref(), peer, until, limit)).await
        })
    }

    fn misplaced_pins<'a>(
        &'a self,
        patience: Duration,
        after: Option<&'a Cid>,
        limit: usize,
    ) -> Answer<'a, Vec<PinStatusRow>> {
        Box::pin(async move {
            let after = after.map(Cid::to_bytes).unwrap_or_default();
            work::misplaced(&self.pool, patience, &after, limit).await
        })
    }

    fn reassign_pin<'a>(
        &'a self,
        lease: &'a Lease,
        cid: &'a Cid,
        version: i64,
        peers: Vec<String>,
    ) -> Answer<'a, bool> {
        Box::pin(async move {
            let (id, placement) = (cid.to_bytes(), Placement::On(peers));
            again(|| write::reassign(&self.pool, lease, &id, version, &placement)).await
        })
    }

    fn content_holders<'a>(&'a self, cid: &'a Cid) -> Answer<'a, Vec<String>> {
        Box::pin(pins::holders(&self.pool, ids_of(cid)))
    }

    fn pinned_holdings<'a>(
        &'a self,
        peer: &'a str,
        after: Option<&'a Cid>,
        limit: usize,
    ) -> Answer<'a, Vec<Cid>> {
        let after = after.map(Cid::to_bytes).unwrap_or_default();
        Box::pin(work::pinned(&self.pool, peer, after, limit))
    }

    fn requeue_lost<'a>(&'a self, peer: &'a str, cid: &'a Cid) -> Answer<'a, bool> {
        Box::pin(async move {
            let id = cid.to_bytes();
            again(|| work::requeue_lost(&self.pool, peer, &id)).await
        })
    }

    fn cluster_wants<'a>(&'a self, peer: &'a str, cid: &'a Cid) -> Answer<'a, bool> {
        Box::pin(pins::wants(&self.pool, peer, ids_of(cid)))
    }

    fn count_holdings<'a>(&'a self, peer: &'a str) -> Answer<'a, (u64, u64)> {
        Box::pin(work::count(&self.pool, peer))
    }

    fn cluster_secret(&self, proposed: [u8; 32]) -> Answer<'_, Vec<u8>> {
        Box::pin(users::shared_secret(&self.pool, proposed))
    }

    fn set_cluster_user<'a>(
        &'a self,
        name: &'a str,
        hash: &'a str,
        secret: [u8; 32],
    ) -> Answer<'a, ClusterUser> {
        Box::pin(async move {
            crate::shared::check_name(name)?;
            users::set(&self.pool, name, hash, secret).await
        })
    }

    fn cluster_user<'a>(&'a self, name: &'a str) -> Answer<'a, Option<ClusterUser>> {
        Box::pin(users::one(&self.pool, name))
    }

    fn cluster_users<'a>(
        &'a self,
        after: Option<&'a str>,
        limit: usize,
    ) -> Answer<'a, Vec<ClusterUser>> {
        Box::pin(users::page(&self.pool, after.unwrap_or_default(), limit))
    }

    fn remove_cluster_user<'a>(&'a self, name: &'a str) -> Answer<'a, bool> {
        Box::pin(users::remove(&self.pool, name))
    }
}
