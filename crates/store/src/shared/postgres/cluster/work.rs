//! The work of peers.

use std::time::Duration;

use cairn_primitives::Cid;
use sqlx::Row as _;
use sqlx::postgres::{PgConnection, PgPool};

use super::peers::holds;
use super::pins::{pin, pin_columns, with_holdings};
use super::write::settle;
use super::{READ, WRITE};
use crate::shared::cluster::{Claimed, Lease, Outcome, PinStatusRow, cid};
use crate::shared::postgres::{failed, now, releases, text};
use crate::shared::releases::cid_key;
use crate::shared::{Millis, SharedError, millis, page_limit};

pub(super) async fn claim(
    pool: &PgPool,
    lease: &Lease,
    limit: usize,
) -> Result<Vec<Claimed>, SharedError> {
    let mut transaction = pool.begin().await.map_err(failed(WRITE))?;
    if !holds(&mut transaction, lease).await? {
        return Ok(Vec::new());
    }
    let rows = sqlx::query(concat!(
        "WITH due AS (
            SELECT h.pin, h.attempts FROM cairn.cluster_holding h
            WHERE h.peer = $1 AND h.status <> 2 AND h.status IN (0, 3) AND h.assigned AND h.due <= ",
        now!(),
        " ORDER BY h.due LIMIT $2 FOR UPDATE SKIP LOCKED),
         begun AS (
            UPDATE cairn.cluster_holding h
            SET status = 1, attempts = h.attempts + 1, error = '', changed = ",
        now!(),
        " FROM due WHERE h.pin = due.pin AND h.peer = $1 RETURNING h.pin, due.attempts)
         SELECT ",
        pin_columns!(),
        ", begun.attempts FROM begun JOIN cairn.cluster_pin p ON p.id = begun.pin"
    ))
    .bind(&lease.peer)
    .bind(page_limit(limit))
    .fetch_all(&mut *transaction)
    .await
    .map_err(failed(WRITE))?;
    transaction.commit().await.map_err(failed(WRITE))?;
    rows.iter()
        .map(|row| {
            let attempts: i64 = row.try_get(16).map_err(failed(READ))?;
            Ok(Claimed {
                pin: pin(row)?,
                attempts: u32::try_from(attempts).unwrap_or(u32::MAX),
            })
        })
        .collect()
}

pub(super) async fn finish(
    pool: &PgPool,
    lease: &Lease,
    id: &[u8],
    direct: bool,
    outcome: &Outcome,
) -> Result<bool, SharedError> {
    let mut transaction = pool.begin().await.map_err(failed(WRITE))?;
    let done = holds(&mut transaction, lease).await?
        && record(&mut transaction, lease, id, direct, outcome).await?;
    if !done && *outcome == Outcome::Pinned {
        // Whatever wants the content meanwhile keeps it.
        releases::add(&mut transaction, &lease.peer, &cid_key(&cid(id)?)).await?;
    }
    transaction.commit().await.map_err(failed(WRITE))?;
    Ok(done)
}

async fn record(
    connection: &mut PgConnection,
    lease: &Lease,
    id: &[u8],
    direct: bool,
    outcome: &Outcome,
) -> Result<bool, SharedError> {
    // The mode may have changed since it was claimed, and the peer may have claimed it again for the new one.
    let there =
        sqlx::query("SELECT 1 FROM cairn.cluster_pin WHERE id = $1 AND direct = $2 FOR UPDATE")
            .bind(id)
            .bind(direct)
            .execute(&mut *connection)
            .await
            .map_err(failed(READ))?
            .rows_affected();
    if there == 0 {
        return Ok(false);
    }
    let (status, error, retry) = match outcome {
        Outcome::Pinned => (2_i64, String::new(), 0),
        Outcome::Failed { error, retry } => (3, text(error), millis(*retry)),
    };
    let done = sqlx::query(concat!(
        "UPDATE cairn.cluster_holding SET status = $3, error = $4, changed = now, due = now + $5 FROM (SELECT ",
        now!(),
        " AS now) clock WHERE pin = $1 AND peer = $2 AND status = 1"
    ))
    .bind(id)
    .bind(&lease.peer)
    .bind(status)
    .bind(error)
    .bind(retry)
    .execute(&mut *connection)
    .await
    .map_err(failed(WRITE))?
    .rows_affected()
        > 0;
    if done && *outcome == Outcome::Pinned {
        // Whoever failed to get it can get it from here.
        sqlx::query(concat!(
            "UPDATE cairn.cluster_holding SET due = now FROM (SELECT ",
            now!(),
            " AS now) clock WHERE pin = $1 AND status = 3 AND due > now"
        ))
        .bind(id)
        .execute(&mut *connection)
        .await
        .map_err(failed(WRITE))?;
        settle(connection, id).await?;
    }
    Ok(done)
}

pub(super) async fn requeue(
    pool: &PgPool,
    lease: &Lease,
    working: &[Vec<u8>],
) -> Result<bool, SharedError> {
    let mut transaction = pool.begin().await.map_err(failed(WRITE))?;
    if !holds(&mut transaction, lease).await? {
        return Ok(false);
    }
    sqlx::query(concat!(
        "UPDATE cairn.cluster_holding SET status = 0, changed = now, due = now FROM (SELECT ",
        now!(),
        " AS now) clock WHERE peer = $1 AND status <> 2 AND status = 1 AND pin <> ALL($2::bytea[])"
    ))
    .bind(&lease.peer)
    .bind(working)
    .execute(&mut *transaction)
    .await
    .map_err(failed(WRITE))?;
    transaction.commit().await.map_err(failed(WRITE))?;
    Ok(true)
}

pub(super) async fn pinned(
    pool: &PgPool,
    peer: &str,
    after: Vec<u8>,
    limit: usize,
) -> Result<Vec<Cid>, SharedError> {
    let pins: Vec<(Vec<u8>,)> = sqlx::query_as(
        "SELECT pin FROM cairn.cluster_holding WHERE peer = $1 AND pin > $2 AND status = 2
         ORDER BY pin LIMIT $3",
    )
    .bind(peer)
    .bind(after)
    .bind(page_limit(limit))
    .fetch_all(pool)
    .await
    .map_err(failed(READ))?;
    pins.iter().map(|(pin,)| cid(pin)).collect()
}

pub(super) async fn requeue_lost(
    pool: &PgPool,
    peer: &str,
    id: &[u8],
) -> Result<bool, SharedError> {
    let mut transaction = pool.begin().await.map_err(failed(WRITE))?;
    sqlx::query("SELECT 1 FROM cairn.cluster_pin WHERE id = $1 FOR UPDATE")
        .bind(id)
        .execute(&mut *transaction)
        .await
        .map_err(failed(READ))?;
    let there = sqlx::query(concat!(
        "UPDATE cairn.cluster_holding SET status = 0, attempts = 0, changed = now, due = now FROM (SELECT ",
        now!(),
        " AS now) clock WHERE pin = $1 AND peer = $2 AND status = 2"
    ))
    .bind(id)
    .bind(peer)
    .execute(&mut *transaction)
    .await
    .map_err(failed(WRITE))?
    .rows_affected()
        > 0;
    if there {
        settle(&mut transaction, id).await?;
    }
    transaction.commit().await.map_err(failed(WRITE))?;
    Ok(there)
}

pub(super) async fn retry(
    pool: &PgPool,
    id: Option<&[u8]>,
    peer: Option<&str>,
    until: Option<Millis>,
    limit: usize,
) -> Result<Vec<Cid>, SharedError> {
    let rows: Vec<(Vec<u8>,)> = sqlx::query_as(concat!(
        "WITH failing AS (
            SELECT pin, peer FROM cairn.cluster_holding
            WHERE status <> 2 AND status = 3 AND assigned
            AND ($1 IS NULL OR pin = $1) AND ($2 IS NULL OR peer = $2)
            AND ($4 IS NULL OR changed <= $4)
            ORDER BY pin LIMIT $3 FOR UPDATE SKIP LOCKED)
         UPDATE cairn.cluster_holding h
         SET status = 0, attempts = 0, error = '', changed = now, due = now FROM failing, (SELECT ",
        now!(),
        " AS now) clock WHERE h.pin = failing.pin AND h.peer = failing.peer RETURNING h.pin"
    ))
    .bind(id)
    .bind(peer)
    .bind(page_limit(limit))
    .bind(until)
    .fetch_all(pool)
    .await
    .map_err(failed(WRITE))?;
    let mut pins: Vec<Vec<u8>> = rows.into_iter().map(|(pin,)| pin).collect();
    pins.sort_unstable();
    pins.dedup();
    pins.iter().map(|pin| cid(pin)).collect()
}

pub(super) async fn misplaced(
    pool: &PgPool,
    patience: Duration,
    after: &[u8],
    limit: usize,
) -> Result<Vec<PinStatusRow>, SharedError> {
    let mut connection = pool.acquire().await.map_err(failed(READ))?;
    let rows = sqlx::query(concat!(
        "SELECT ",
        pin_columns!(),
        " FROM cairn.cluster_pin p WHERE NOT p.everywhere AND p.id IN (
            SELECT h.pin FROM cairn.cluster_peer c JOIN cairn.cluster_holding h ON h.peer = c.id,
                cairn.cluster_state s, (SELECT ",
        now!(),
        " AS now) clock WHERE h.assigned AND h.pin > $1
            AND (c.state = 1 OR (now > s.grace AND c.lease + $2 < now)))
         ORDER BY p.id LIMIT $3"
    ))
    .bind(after)
    .bind(millis(patience))
    .bind(page_limit(limit))
    .fetch_all(&mut *connection)
    .await
    .map_err(failed(READ))?;
    let pins = rows.iter().map(pin).collect::<Result<_, _>>()?;
    with_holdings(&mut connection, pins).await
}

pub(super) async fn count(pool: &PgPool, peer: &str) -> Result<(u64, u64), SharedError> {
    let (waiting, pinned): (i64, i64) = sqlx::query_as(
        // Each of both counts is that of an index.
        "SELECT waiting, held - waiting FROM (SELECT
            (SELECT count(*) FROM cairn.cluster_holding WHERE peer = $1 AND status <> 2) AS waiting,
            (SELECT count(*) FROM cairn.cluster_holding WHERE peer = $1) AS held) counts",
    )
    .bind(peer)
    .fetch_one(pool)
    .await
    .map_err(failed(READ))?;
    let number = |count| u64::try_from(count).unwrap_or(0);
    Ok((number(waiting), number(pinned)))
}
