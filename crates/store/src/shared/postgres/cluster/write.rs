//! Changing the pinset. A transaction locks the row of a pin before its holdings.

use sqlx::postgres::{PgConnection, PgPool};

use super::peers::holds;
use super::pins::{pin, status};
use super::{JOINING, READ, WRITE};
use crate::shared::cluster::{ClusterPin, Lease, NewClusterPin, PinColumns, Placement, Removal};
use crate::shared::postgres::{failed, now};
use crate::shared::{PinKind, SharedError, page_limit};

pub(super) async fn put_all(
    pool: &PgPool,
    new: &[NewClusterPin],
) -> Result<Vec<ClusterPin>, SharedError> {
    let mut transaction = pool.begin().await.map_err(failed(WRITE))?;
    if new.iter().any(|pin| pin.placement == Placement::Everywhere) {
        // No peer joins meanwhile, which would miss the pin.
        sqlx::query("SELECT pg_advisory_xact_lock_shared($1)")
            .bind(JOINING)
            .execute(&mut *transaction)
            .await
            .map_err(failed(WRITE))?;
    }
    let mut written = Vec::with_capacity(new.len());
    for pin in new {
        written.push(put(&mut transaction, pin).await?);
    }
    transaction.commit().await.map_err(failed(WRITE))?;
    Ok(written)
}

async fn put(
    connection: &mut PgConnection,
    new: &NewClusterPin,
) -> Result<ClusterPin, SharedError> {
    let own = PinColumns::of(new)?;
    let before: Option<(bool, i64)> =
        sqlx::query_as("SELECT direct, kind FROM cairn.cluster_pin WHERE id = $1 FOR UPDATE")
            .bind(&own.id)
            .fetch_optional(&mut *connection)
            .await
            .map_err(failed(READ))?;
    if before.is_some_and(|(_, kind)| kind != new.kind.number()) {
        return Err(SharedError::OtherKind {
            cid: new.cid.clone(),
        });
    }
    let row = sqlx::query(concat!(
        "INSERT INTO cairn.cluster_pin AS p (id, content, kind, direct, name, least, most, shard_size, metadata,
            origins, update_of, reference, depth, expires, created, everywhere)
         SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, coalesce($14, now + $15), now, $16
         FROM (SELECT ",
        now!(),
        " AS now) clock WHERE $14 IS NULL OR $14 > now
         ON CONFLICT (id) DO UPDATE SET version = p.version + 1, kind = excluded.kind, direct = excluded.direct,
            name = excluded.name, least = excluded.least, most = excluded.most, shard_size = excluded.shard_size,
            metadata = excluded.metadata, origins = excluded.origins, update_of = excluded.update_of,
            reference = excluded.reference, depth = excluded.depth, expires = excluded.expires,
            created = excluded.created, everywhere = excluded.everywhere
         RETURNING ",
        super::pins::pin_columns!()
    ))
    .bind(&own.id)
    .bind(&own.content)
    .bind(new.kind.number())
    .bind(new.direct)
    .bind(&new.name)
    .bind(new.replication.0)
    .bind(new.replication.1)
    .bind(own.shard_size)
    .bind(&own.metadata)
    .bind(&own.origins)
    .bind(&own.update_of)
    .bind(&own.reference)
    .bind(new.depth)
    .bind(own.at)
    .bind(own.after)
    .bind(new.placement == Placement::Everywhere)
    .fetch_optional(&mut *connection)
    .await
    .map_err(failed(WRITE))?;
    let row = row.ok_or(SharedError::Range {
        what: "the time of expiry",
    })?;
    let pin = pin(&row)?;
    if let Some(owner) = &own.owner {
        sqlx::query(
            "INSERT INTO cairn.cluster_shard (owner, shard) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        )
        .bind(owner)
        .bind(&own.id)
        .execute(&mut *connection)
        .await
        .map_err(failed(WRITE))?;
    }
    if before.is_some_and(|(direct, _)| direct != new.direct) {
        sqlx::query(concat!(
            "UPDATE cairn.cluster_holding SET status = 0, attempts = 0, error = '', changed = now, due = now FROM (SELECT ",
            now!(),
            " AS now) clock WHERE pin = $1"
        ))
        .bind(&own.id)
        .execute(&mut *connection)
        .await
        .map_err(failed(WRITE))?;
    }
    if let Some(source) = &new.source {
        sqlx::query(concat!(
            "INSERT INTO cairn.cluster_holding AS h (pin, peer, assigned, status, changed, due)
             SELECT $1, $2, false, 2, now, now FROM (SELECT ",
            now!(),
            " AS now) clock
             ON CONFLICT (pin, peer) DO UPDATE SET status = 2, error = '', changed = excluded.changed"
        ))
        .bind(&own.id)
        .bind(source)
        .execute(&mut *connection)
        .await
        .map_err(failed(WRITE))?;
    }
    place(connection, &own.id, &new.placement).await?;
    let placed = super::pins::with_holdings(connection, vec![pin]).await?;
    placed
        .into_iter()
        .next()
        .map(|row| row.pin)
        .ok_or(SharedError::Interrupted)
}

/// Assigns a pin to peers. Those that have failed try again.
async fn place(
    connection: &mut PgConnection,
    id: &[u8],
    placement: &Placement,
) -> Result<(), SharedError> {
    macro_rules! assign {
        () => {
            " ON CONFLICT (pin, peer) DO UPDATE SET assigned = true,
              status = CASE h.status WHEN 3 THEN 0 ELSE h.status END,
              attempts = CASE h.status WHEN 3 THEN 0 ELSE h.attempts END,
              error = '',
              due = CASE h.status WHEN 3 THEN excluded.due ELSE h.due END"
        };
    }
    sqlx::query("UPDATE cairn.cluster_holding SET assigned = false WHERE pin = $1 AND assigned")
        .bind(id)
        .execute(&mut *connection)
        .await
        .map_err(failed(WRITE))?;
    match placement {
        Placement::Nowhere => {}
        Placement::Everywhere => {
            sqlx::query(concat!(
                "INSERT INTO cairn.cluster_holding AS h (pin, peer, assigned, changed, due)
                 SELECT $1, id, true, now, now FROM cairn.cluster_peer, (SELECT ",
                now!(),
                " AS now) clock WHERE state = 0",
                assign!()
            ))
            .bind(id)
            .execute(&mut *connection)
            .await
            .map_err(failed(WRITE))?;
        }
        Placement::On(peers) => {
            // One that was removed since it was chosen: its pins move to others, as those of a drained peer. None is removed
            // before this commits. In order, so that two of these cannot wait for each other.
            sqlx::query(concat!(
                "INSERT INTO cairn.cluster_peer (id, epoch, state, info, lease, joined)
                 SELECT peer, 0, 1, '{}', 0, now FROM unnest($1::text[]) peer, (SELECT ",
                now!(),
                " AS now) clock ORDER BY peer ON CONFLICT DO NOTHING"
            ))
            .bind(peers)
            .execute(&mut *connection)
            .await
            .map_err(failed(WRITE))?;
            sqlx::query(
                "SELECT 1 FROM cairn.cluster_peer WHERE id = ANY($1::text[])
                 ORDER BY id FOR KEY SHARE",
            )
            .bind(peers)
            .execute(&mut *connection)
            .await
            .map_err(failed(WRITE))?;
            sqlx::query(concat!(
                "INSERT INTO cairn.cluster_holding AS h (pin, peer, assigned, changed, due)
                 SELECT $1, peer, true, now, now FROM unnest($2::text[]) peer, (SELECT ",
                now!(),
                " AS now) clock",
                assign!()
            ))
            .bind(id)
            .bind(peers)
            .execute(&mut *connection)
            .await
            .map_err(failed(WRITE))?;
        }
    }
    settle(connection, id).await
}

/// Holdings that are not assigned, and not needed any more: they hold nothing whole, or all that are assigned have it. What
/// they hold is released.
macro_rules! drop_needless {
    ($column:literal) => {
        concat!(
            "WITH gone AS (DELETE FROM cairn.cluster_holding h WHERE h.",
            $column,
            " = $1 AND NOT h.assigned AND (h.status <> 2 OR (
                EXISTS (SELECT 1 FROM cairn.cluster_holding o WHERE o.pin = h.pin AND o.assigned)
                AND NOT EXISTS (SELECT 1 FROM cairn.cluster_holding o
                    WHERE o.pin = h.pin AND o.assigned AND o.status <> 2)))
             RETURNING h.peer, h.pin)
             INSERT INTO cairn.release (peer, cid)
             SELECT DISTINCT gone.peer, p.content FROM gone JOIN cairn.cluster_pin p ON p.id = gone.pin
             ORDER BY 1, 2
             ON CONFLICT (peer, cid) DO UPDATE SET id = DEFAULT"
        )
    };
}

/// Drops the old holders of a pin that are not needed any more.
pub(super) async fn settle(connection: &mut PgConnection, id: &[u8]) -> Result<(), SharedError> {
    sqlx::query(drop_needless!("pin"))
        .bind(id)
        .execute(connection)
        .await
        .map_err(failed(WRITE))?;
    Ok(())
}

/// The same for all pins of one peer.
pub(super) async fn settle_peer(
    connection: &mut PgConnection,
    peer: &str,
) -> Result<(), SharedError> {
    sqlx::query(drop_needless!("peer"))
        .bind(peer)
        .execute(connection)
        .await
        .map_err(failed(WRITE))?;
    Ok(())
}

pub(super) async fn reassign(
    pool: &PgPool,
    lease: &Lease,
    id: &[u8],
    version: i64,
    placement: &Placement,
) -> Result<bool, SharedError> {
    let mut transaction = pool.begin().await.map_err(failed(WRITE))?;
    if !holds(&mut transaction, lease).await? {
        return Ok(false);
    }
    let there = sqlx::query(
        "UPDATE cairn.cluster_pin SET version = version + 1
         WHERE id = $1 AND version = $2 AND NOT everywhere",
    )
    .bind(id)
    .bind(version)
    .execute(&mut *transaction)
    .await
    .map_err(failed(WRITE))?
    .rows_affected()
        > 0;
    if there {
        place(&mut transaction, id, placement).await?;
        transaction.commit().await.map_err(failed(WRITE))?;
    }
    Ok(there)
}

/// Deletes a pin's row and releases its content.
async fn delete(connection: &mut PgConnection, id: &[u8]) -> Result<(), SharedError> {
    sqlx::query(
        "WITH gone AS (DELETE FROM cairn.cluster_holding WHERE pin = $1 RETURNING peer)
         INSERT INTO cairn.release (peer, cid)
         SELECT gone.peer, p.content FROM gone, cairn.cluster_pin p WHERE p.id = $1 ORDER BY 1, 2
         ON CONFLICT (peer, cid) DO UPDATE SET id = DEFAULT",
    )
    .bind(id)
    .execute(&mut *connection)
    .await
    .map_err(failed(WRITE))?;
    sqlx::query("DELETE FROM cairn.cluster_pin WHERE id = $1")
        .bind(id)
        .execute(connection)
        .await
        .map_err(failed(WRITE))?;
    Ok(())
}

async fn remove(connection: &mut PgConnection, id: &[u8]) -> Result<Removal, SharedError> {
    sqlx::query("SELECT 1 FROM cairn.cluster_pin WHERE id = $1 FOR UPDATE")
        .bind(id)
        .execute(&mut *connection)
        .await
        .map_err(failed(READ))?;
    let Some(row) = status(connection, id).await? else {
        return Ok(Removal::Absent);
    };
    let pin = row.pin;
    if matches!(pin.kind, PinKind::Shard | PinKind::ClusterDag) {
        return Ok(Removal::Owned);
    }
    let owned: Vec<(Vec<u8>,)> =
        sqlx::query_as("DELETE FROM cairn.cluster_shard WHERE owner = $1 RETURNING shard")
            .bind(id)
            .fetch_all(&mut *connection)
            .await
            .map_err(failed(WRITE))?;
    delete(connection, id).await?;
    for (shard,) in owned {
        // Whoever adds an owner writes the shard's row first, and waits here.
        let (shared,): (bool,) = sqlx::query_as(
            "SELECT EXISTS (SELECT 1 FROM cairn.cluster_shard WHERE shard = $1)
             FROM (SELECT 1 FROM cairn.cluster_pin WHERE id = $1 FOR UPDATE) locked",
        )
        .bind(&shard)
        .fetch_one(&mut *connection)
        .await
        .map_err(failed(READ))?;
        if !shared {
            delete(connection, &shard).await?;
        }
    }
    Ok(Removal::Removed(Box::new(pin)))
}

pub(super) async fn remove_one(pool: &PgPool, id: &[u8]) -> Result<Removal, SharedError> {
    let mut transaction = pool.begin().await.map_err(failed(WRITE))?;
    let removal = remove(&mut transaction, id).await?;
    transaction.commit().await.map_err(failed(WRITE))?;
    Ok(removal)
}

pub(super) async fn expire(pool: &PgPool, limit: usize) -> Result<usize, SharedError> {
    let mut transaction = pool.begin().await.map_err(failed(WRITE))?;
    // Several peers look for them at once.
    let expired: Vec<(Vec<u8>,)> = sqlx::query_as(concat!(
        "SELECT id FROM cairn.cluster_pin WHERE expires <= ",
        now!(),
        " AND kind IN (0, 1) ORDER BY expires LIMIT $1 FOR UPDATE SKIP LOCKED"
    ))
    .bind(page_limit(limit))
    .fetch_all(&mut *transaction)
    .await
    .map_err(failed(READ))?;
    for (id,) in &expired {
        remove(&mut transaction, id).await?;
    }
    transaction.commit().await.map_err(failed(WRITE))?;
    Ok(expired.len())
}
