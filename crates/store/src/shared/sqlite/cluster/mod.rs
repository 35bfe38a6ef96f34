//! The cluster in SQLite.

#[cfg(test)]
mod costs;
mod peers;
mod pins;
mod users;
mod work;
mod write;

use std::collections::HashSet;
use std::time::Duration;

use cairn_primitives::Cid;

use super::SharedSqliteRows;
use crate::shared::Millis;
use crate::shared::cluster::{
    Answer, Claimed, ClusterMetric, ClusterPin, ClusterPins, ClusterRows, ClusterUser, Lease,
    NewClusterPin, NewMetric, Outcome, Peers, PinKinds, PinListing, PinStatusRow, Removal, Renewal,
    ids_of,
};

const READ: &str = "read the cluster of";
const WRITE: &str = "write the cluster to";

impl ClusterRows for SharedSqliteRows {
    fn join_cluster<'a>(
        &'a self,
        peer: &'a str,
        info: &'a str,
        term: Duration,
    ) -> Answer<'a, Lease> {
        let (peer, info) = (peer.to_owned(), info.to_owned());
        Box::pin(
            self.writer
                .write(move |connection| peers::join(connection, peer, &info, term)),
        )
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
        let (lease, info) = (lease.clone(), info.to_owned());
        Box::pin(self.writer.write(move |connection| {
            peers::renew(
                connection,
                &lease,
                &info,
                &metrics,
                (term, outage, patience),
            )
        }))
    }

    fn cluster_peers(&self) -> Answer<'_, Peers> {
        Box::pin(self.read(peers::all))
    }

    fn cluster_metrics<'a>(&'a self, name: Option<&'a str>) -> Answer<'a, Vec<ClusterMetric>> {
        let name = name.map(str::to_owned);
        Box::pin(self.read(move |connection| peers::metrics(connection, name.as_deref())))
    }

    fn drain_peer<'a>(&'a self, peer: &'a str) -> Answer<'a, bool> {
        let peer = peer.to_owned();
        Box::pin(
            self.writer
                .write(move |connection| peers::drain(connection, &peer)),
        )
    }

    fn remove_drained_peers(&self) -> Answer<'_, Vec<String>> {
        Box::pin(self.writer.write(peers::remove_drained))
    }

    fn put_cluster_pins(&self, new: Vec<NewClusterPin>) -> Answer<'_, Vec<ClusterPin>> {
        Box::pin(self.writer.write(move |connection| {
            new.iter()
                .map(|pin| write::put(connection, pin))
                .collect::<Result<_, _>>()
        }))
    }

    fn cluster_pin<'a>(&'a self, cid: &'a Cid) -> Answer<'a, Option<ClusterPin>> {
        let id = cid.to_bytes();
        Box::pin(self.read(move |connection| Ok(pins::status(connection, &id)?.map(|row| row.pin))))
    }

    fn cluster_pins<'a>(
        &'a self,
        kinds: PinKinds,
        after: Option<&'a Cid>,
        limit: usize,
    ) -> Answer<'a, ClusterPins> {
        let after = after.map(Cid::to_bytes).unwrap_or_default();
        Box::pin(self.read(move |connection| pins::page(connection, kinds, &after, limit)))
    }

    fn cluster_status<'a>(&'a self, cid: &'a Cid) -> Answer<'a, Option<PinStatusRow>> {
        let id = cid.to_bytes();
        Box::pin(self.read(move |connection| pins::status(connection, &id)))
    }

    fn cluster_statuses<'a>(
        &'a self,
        listing: PinListing<'a>,
        limit: usize,
    ) -> Answer<'a, Vec<PinStatusRow>> {
        let after = listing.after.map(Cid::to_bytes).unwrap_or_default();
        Box::pin(
            self.read(move |connection| pins::statuses(connection, listing.with, &after, limit)),
        )
    }

    fn remove_cluster_pin<'a>(&'a self, cid: &'a Cid) -> Answer<'a, Removal> {
        let id = cid.to_bytes();
        Box::pin(
            self.writer
                .write(move |connection| write::remove(connection, &id)),
        )
    }

    fn expire_cluster_pins(&self, limit: usize) -> Answer<'_, usize> {
        Box::pin(async move {
            // Most calls find nothing, and need no write.
            if self
                .read(|connection| write::expired(connection, 1))
                .await?
                .is_empty()
            {
                return Ok(0);
            }
            self.writer
                .write(move |connection| {
                    let expired = write::expired(connection, limit)?;
                    for id in &expired {
                        write::remove(connection, id)?;
                    }
                    Ok(expired.len())
                })
                .await
        })
    }

    fn claim_holdings<'a>(&'a self, lease: &'a Lease, limit: usize) -> Answer<'a, Vec<Claimed>> {
        let lease = lease.clone();
        Box::pin(async move {
            let peer = lease.peer.clone();
            if !self
                .read(move |connection| work::waits(connection, &peer))
                .await?
            {
                return Ok(Vec::new());
            }
            self.writer
                .write(move |connection| work::claim(connection, &lease, limit))
                .await
        })
    }

    fn finish_holding<'a>(
        &'a self,
        lease: &'a Lease,
        pin: &'a ClusterPin,
        outcome: Outcome,
    ) -> Answer<'a, bool> {
        let (lease, id, direct) = (lease.clone(), pin.cid.to_bytes(), pin.direct);
        Box::pin(
            self.writer
                .write(move |connection| work::finish(connection, &lease, &id, direct, &outcome)),
        )
    }

    fn requeue_holdings<'a>(&'a self, lease: &'a Lease, working: &'a [Cid]) -> Answer<'a, bool> {
        let lease = lease.clone();
        let working: HashSet<Vec<u8>> = working.iter().map(Cid::to_bytes).collect();
        Box::pin(
            self.writer
                .write(move |connection| work::requeue(connection, &lease, &working)),
        )
    }

    fn retry_holdings<'a>(
        &'a self,
        cid: Option<&'a Cid>,
        peer: Option<&'a str>,
        until: Option<Millis>,
        limit: usize,
    ) -> Answer<'a, Vec<Cid>> {
        let (id, peer) = (cid.map(Cid::to_bytes), peer.map(str::to_owned));
        Box::pin(self.writer.write(move |connection| {
            work::retry(connection, id.as_deref(), peer.as_deref(), until, limit)
        }))
    }

    fn misplaced_pins<'a>(
        &'a self,
        patience: Duration,
        after: Option<&'a Cid>,
        limit: usize,
    ) -> Answer<'a, Vec<PinStatusRow>> {
        let after = after.map(Cid::to_bytes).unwrap_or_default();
        Box::pin(self.read(move |connection| work::misplaced(connection, patience, &after, limit)))
    }

    fn reassign_pin<'a>(
        &'a self,
        lease: &'a Lease,
        cid: &'a Cid,
        version: i64,
        peers: Vec<String>,
    ) -> Answer<'a, bool> {
        let (lease, id) = (lease.clone(), cid.to_bytes());
        Box::pin(self.writer.write(move |connection| {
            Ok(peers::holds(connection, &lease)?
                && write::reassign(connection, &id, version, &peers)?)
        }))
    }

    fn content_holders<'a>(&'a self, cid: &'a Cid) -> Answer<'a, Vec<String>> {
        let ids = ids_of(cid);
        Box::pin(self.read(move |connection| pins::holders(connection, &ids)))
    }

    fn pinned_holdings<'a>(
        &'a self,
        peer: &'a str,
        after: Option<&'a Cid>,
        limit: usize,
    ) -> Answer<'a, Vec<Cid>> {
        let (peer, after) = (
            peer.to_owned(),
            after.map(Cid::to_bytes).unwrap_or_default(),
        );
        Box::pin(self.read(move |connection| work::pinned(connection, &peer, &after, limit)))
    }

    fn requeue_lost<'a>(&'a self, peer: &'a str, cid: &'a Cid) -> Answer<'a, bool> {
        let (peer, id) = (peer.to_owned(), cid.to_bytes());
        Box::pin(
            self.writer
                .write(move |connection| work::requeue_lost(connection, &peer, &id)),
        )
    }

    fn cluster_wants<'a>(&'a self, peer: &'a str, cid: &'a Cid) -> Answer<'a, bool> {
        let (peer, ids) = (peer.to_owned(), ids_of(cid));
        Box::pin(self.read(move |connection| pins::wants(connection, &peer, &ids)))
    }

    fn count_holdings<'a>(&'a self, peer: &'a str) -> Answer<'a, (u64, u64)> {
        let peer = peer.to_owned();
        Box::pin(self.read(move |connection| work::count(connection, &peer)))
    }

    fn cluster_secret(&self, proposed: [u8; 32]) -> Answer<'_, Vec<u8>> {
        Box::pin(
            self.writer
                .write(move |connection| users::shared_secret(connection, proposed)),
        )
    }

    fn set_cluster_user<'a>(
        &'a self,
        name: &'a str,
        hash: &'a str,
        secret: [u8; 32],
    ) -> Answer<'a, ClusterUser> {
        Box::pin(async move {
            crate::shared::check_name(name)?;
            let (name, hash) = (name.to_owned(), hash.to_owned());
            self.writer
                .write(move |connection| users::set(connection, &name, &hash, secret))
                .await
        })
    }

    fn cluster_user<'a>(&'a self, name: &'a str) -> Answer<'a, Option<ClusterUser>> {
        let name = name.to_owned();
        Box::pin(self.read_row(move |connection| users::one(connection, &name)))
    }

    fn cluster_users<'a>(
        &'a self,
        after: Option<&'a str>,
        limit: usize,
    ) -> Answer<'a, Vec<ClusterUser>> {
        let after = after.unwrap_or_default().to_owned();
        Box::pin(self.read(move |connection| users::page(connection, &after, limit)))
    }

    fn remove_cluster_user<'a>(&'a self, name: &'a str) -> Answer<'a, bool> {
        let name = name.to_owned();
        Box::pin(
            self.writer
                .write(move |connection| users::remove(connection, &name)),
        )
    }
}
