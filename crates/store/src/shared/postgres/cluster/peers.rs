//! Peers, leases, metrics.

use std::time::Duration;

use sqlx::postgres::{PgConnection, PgPool};

use super::write::settle_peer;
use super::{JOINING, READ, WRITE};
use crate::shared::cluster::{
    ClusterMetric, ClusterPeer, Lease, MAX_METRICS, MAX_PEERS, NewMetric, PeerState, Peers, Renewal,
};
use crate::shared::postgres::{failed, now};
use crate::shared::{SharedError, millis};

pub(super) async fn join(
    pool: &PgPool,
    peer: &str,
    info: &str,
    term: Duration,
) -> Result<Lease, SharedError> {
    let mut transaction = pool.begin().await.map_err(failed(WRITE))?;
    // Nobody writes a pin for all peers meanwhile, which would miss this one.
    sqlx::query("SELECT pg_advisory_xact_lock($1)")
        .bind(JOINING)
        .execute(&mut *transaction)
        .await
        .map_err(failed(WRITE))?;
    let before: Option<(i64,)> =
        sqlx::query_as("SELECT state FROM cairn.cluster_peer WHERE id = $1")
            .bind(peer)
            .fetch_optional(&mut *transaction)
            .await
            .map_err(failed(READ))?;
    let (count,): (i64,) = sqlx::query_as("SELECT count(*) FROM cairn.cluster_peer")
        .fetch_one(&mut *transaction)
        .await
        .map_err(failed(READ))?;
    if before.is_none() && usize::try_from(count).is_ok_and(|count| count >= MAX_PEERS) {
        return Err(SharedError::Range {
            what: "the number of peers",
        });
    }
    let (epoch,): (i64,) = sqlx::query_as(concat!(
        // Its first epoch is the time: a peer that was removed and returns has none that it had before.
        "INSERT INTO cairn.cluster_peer AS c (id, epoch, info, lease, joined)
         SELECT $1, now, $2, now + $3, now FROM (SELECT ",
        now!(),
        " AS now) clock ON CONFLICT (id) DO UPDATE
         SET epoch = greatest(c.epoch + 1, excluded.epoch), state = 0, info = excluded.info, lease = excluded.lease
         RETURNING epoch"
    ))
    .bind(peer)
    .bind(info)
    .bind(millis(term))
    .fetch_one(&mut *transaction)
    .await
    .map_err(failed(WRITE))?;
    sqlx::query("UPDATE cairn.cluster_holding SET status = 0 WHERE peer = $1 AND status = 1")
        .bind(peer)
        .execute(&mut *transaction)
        .await
        .map_err(failed(WRITE))?;
    // What others could not get while it was away they get now.
    sqlx::query(concat!(
        "UPDATE cairn.cluster_holding h SET due = now FROM (SELECT ",
        now!(),
        " AS now) clock WHERE h.status = 3 AND h.due > now AND EXISTS (SELECT 1 FROM cairn.cluster_holding o
            WHERE o.pin = h.pin AND o.peer = $1 AND o.status = 2)"
    ))
    .bind(peer)
    .execute(&mut *transaction)
    .await
    .map_err(failed(WRITE))?;
    // A peer that was there before has them already.
    if before != Some((0,)) {
        sqlx::query(concat!(
            "INSERT INTO cairn.cluster_holding (pin, peer, assigned, changed, due)
             SELECT id, $1, true, now, now FROM cairn.cluster_pin, (SELECT ",
            now!(),
            " AS now) clock WHERE everywhere
             ON CONFLICT (pin, peer) DO UPDATE SET assigned = true"
        ))
        .bind(peer)
        .execute(&mut *transaction)
        .await
        .map_err(failed(WRITE))?;
    }
    transaction.commit().await.map_err(failed(WRITE))?;
    Ok(Lease {
        peer: peer.to_owned(),
        epoch,
    })
}

pub(super) async fn renew(
    pool: &PgPool,
    lease: &Lease,
    info: &str,
    metrics: &[NewMetric],
    (term, outage, patience): (Duration, Duration, Duration),
) -> Result<Renewal, SharedError> {
    let mut transaction = pool.begin().await.map_err(failed(WRITE))?;
    let until: Option<(i64,)> = sqlx::query_as(concat!(
        "UPDATE cairn.cluster_peer SET info = $3, lease = $4 + ",
        now!(),
        " WHERE id = $1 AND epoch = $2 RETURNING lease"
    ))
    .bind(&lease.peer)
    .bind(lease.epoch)
    .bind(info)
    .bind(millis(term))
    .fetch_optional(&mut *transaction)
    .await
    .map_err(failed(WRITE))?;
    let Some((until,)) = until else {
        return Ok(Renewal::Lost);
    };
    sqlx::query(concat!(
        "UPDATE cairn.cluster_state SET beat = now,
         grace = CASE WHEN now - beat > $1 THEN now + $1 + $2 ELSE grace END FROM (SELECT ",
        now!(),
        " AS now) clock"
    ))
    .bind(millis(outage))
    .bind(millis(patience))
    .execute(&mut *transaction)
    .await
    .map_err(failed(WRITE))?;
    sqlx::query("DELETE FROM cairn.cluster_metric WHERE peer = $1")
        .bind(&lease.peer)
        .execute(&mut *transaction)
        .await
        .map_err(failed(WRITE))?;
    for metric in metrics.iter().take(MAX_METRICS) {
        sqlx::query(concat!(
            "INSERT INTO cairn.cluster_metric
             (peer, name, value, weight, partitionable, received, expires)
             SELECT $1, $2, $3, $4, $5, now, now + $6 FROM (SELECT ",
            now!(),
            " AS now) clock ON CONFLICT (peer, name) DO NOTHING"
        ))
        .bind(&lease.peer)
        .bind(&metric.name)
        .bind(&metric.value)
        .bind(metric.weight)
        .bind(metric.partitionable)
        .bind(millis(metric.term))
        .execute(&mut *transaction)
        .await
        .map_err(failed(WRITE))?;
    }
    transaction.commit().await.map_err(failed(WRITE))?;
    Ok(Renewal::Until(until))
}

pub(super) async fn all(pool: &PgPool) -> Result<Peers, SharedError> {
    let (now, grace) = sqlx::query_as(concat!(
        "SELECT ",
        now!(),
        ", grace FROM cairn.cluster_state"
    ))
    .fetch_one(pool)
    .await
    .map_err(failed(READ))?;
    let rows: Vec<(String, String, i64, i64, i64)> = sqlx::query_as(
        "SELECT id, info, state, lease, joined FROM cairn.cluster_peer ORDER BY id COLLATE \"C\"",
    )
    .fetch_all(pool)
    .await
    .map_err(failed(READ))?;
    let peers = rows
        .into_iter()
        .map(|(id, info, state, lease, joined)| {
            Ok(ClusterPeer {
                id,
                info,
                state: PeerState::of(state)?,
                lease,
                joined,
            })
        })
        .collect::<Result<_, SharedError>>()?;
    Ok(Peers { now, grace, peers })
}

type MetricColumns = (String, String, String, i64, bool, i64, i64);

pub(super) async fn metrics(
    pool: &PgPool,
    name: Option<&str>,
) -> Result<Vec<ClusterMetric>, SharedError> {
    if name.is_some_and(|name| name.contains('\0')) {
        return Ok(Vec::new());
    }
    let rows: Vec<MetricColumns> = sqlx::query_as(
        "SELECT peer, name, value, weight, partitionable, received, expires FROM cairn.cluster_metric
         WHERE $1 IS NULL OR name = $1 ORDER BY peer COLLATE \"C\", name COLLATE \"C\"",
    )
    .bind(name)
    .fetch_all(pool)
    .await
    .map_err(failed(READ))?;
    let metric = |(peer, name, value, weight, partitionable, received, expires)| ClusterMetric {
        peer,
        name,
        value,
        weight,
        partitionable,
        received,
        expires,
    };
    Ok(rows.into_iter().map(metric).collect())
}

pub(super) async fn drain(pool: &PgPool, peer: &str) -> Result<bool, SharedError> {
    let mut transaction = pool.begin().await.map_err(failed(WRITE))?;
    let there = sqlx::query("UPDATE cairn.cluster_peer SET state = 1 WHERE id = $1")
        .bind(peer)
        .execute(&mut *transaction)
        .await
        .map_err(failed(WRITE))?
        .rows_affected()
        > 0;
    if there {
        sqlx::query(
            "UPDATE cairn.cluster_holding SET assigned = false WHERE peer = $1
             AND pin IN (SELECT id FROM cairn.cluster_pin WHERE everywhere)",
        )
        .bind(peer)
        .execute(&mut *transaction)
        .await
        .map_err(failed(WRITE))?;
        settle_peer(&mut transaction, peer).await?;
    }
    transaction.commit().await.map_err(failed(WRITE))?;
    Ok(there)
}

pub(super) async fn remove_drained(pool: &PgPool) -> Result<Vec<String>, SharedError> {
    let drained: Vec<(String,)> =
        sqlx::query_as("SELECT id FROM cairn.cluster_peer WHERE state = 1 ORDER BY id")
            .fetch_all(pool)
            .await
            .map_err(failed(READ))?;
    let mut removed = Vec::new();
    for (peer,) in drained {
        let mut transaction = pool.begin().await.map_err(failed(WRITE))?;
        settle_peer(&mut transaction, &peer).await?;
        transaction.commit().await.map_err(failed(WRITE))?;
        let mut transaction = pool.begin().await.map_err(failed(WRITE))?;
        // Whoever assigns a pin to it meanwhile is waited for, and then seen. It may hold locks of holdings: those are released
        // here before.
        sqlx::query("SELECT 1 FROM cairn.cluster_peer WHERE id = $1 FOR UPDATE")
            .bind(&peer)
            .execute(&mut *transaction)
            .await
            .map_err(failed(READ))?;
        let gone = sqlx::query(
            "DELETE FROM cairn.cluster_peer WHERE id = $1 AND state = 1
             AND NOT EXISTS (SELECT 1 FROM cairn.cluster_holding WHERE peer = $1)",
        )
        .bind(&peer)
        .execute(&mut *transaction)
        .await
        .map_err(failed(WRITE))?;
        transaction.commit().await.map_err(failed(WRITE))?;
        if gone.rows_affected() > 0 {
            removed.push(peer);
        }
    }
    Ok(removed)
}

/// Whether the lease is valid.
pub(super) async fn holds(
    connection: &mut PgConnection,
    lease: &Lease,
) -> Result<bool, SharedError> {
    let (holds,) = sqlx::query_as(concat!(
        "SELECT EXISTS (SELECT 1 FROM cairn.cluster_peer WHERE id = $1 AND epoch = $2 AND lease > ",
        now!(),
        ")"
    ))
    .bind(&lease.peer)
    .bind(lease.epoch)
    .fetch_one(connection)
    .await
    .map_err(failed(READ))?;
    Ok(holds)
}
