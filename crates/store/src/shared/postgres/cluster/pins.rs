//! Reading the pinset.

use std::collections::HashMap;

use sqlx::Row as _;
use sqlx::postgres::{PgConnection, PgPool, PgRow};

use super::READ;
use crate::shared::cluster::{
    ClusterPin, Columns, Holding, PinKinds, PinStatusRow, Statuses, holding, status_row,
};
use crate::shared::postgres::failed;
use crate::shared::{HoldingStatus, SharedError, page_limit};

/// The columns that [`columns`] reads.
macro_rules! pin_columns {
    () => {
        "p.id, p.version, p.kind, p.direct, p.name, p.least, p.most, p.shard_size, p.metadata, p.origins, p.update_of, p.reference, p.depth, p.expires, p.created, p.everywhere"
    };
}
pub(super) use pin_columns;

pub(super) fn columns(row: &PgRow) -> Result<Columns, sqlx::Error> {
    Ok(Columns {
        id: row.try_get(0)?,
        version: row.try_get(1)?,
        kind: row.try_get(2)?,
        direct: row.try_get(3)?,
        name: row.try_get(4)?,
        least: row.try_get(5)?,
        most: row.try_get(6)?,
        shard_size: row.try_get(7)?,
        metadata: row.try_get(8)?,
        origins: row.try_get(9)?,
        update_of: row.try_get(10)?,
        reference: row.try_get(11)?,
        depth: row.try_get(12)?,
        expires: row.try_get(13)?,
        created: row.try_get(14)?,
        everywhere: row.try_get(15)?,
    })
}

pub(super) fn pin(row: &PgRow) -> Result<ClusterPin, SharedError> {
    columns(row).map_err(failed(READ))?.pin()
}

fn holding_of(row: &PgRow) -> Result<(Vec<u8>, Holding), SharedError> {
    let columns = || {
        Ok((
            row.try_get(1)?,
            row.try_get(2)?,
            row.try_get(3)?,
            row.try_get(4)?,
            row.try_get(5)?,
            row.try_get(6)?,
        ))
    };
    let id = row.try_get(0).map_err(failed(READ))?;
    Ok((id, holding(columns().map_err(failed(READ))?)?))
}

/// Adds the holdings of pins.
pub(super) async fn with_holdings(
    connection: &mut PgConnection,
    pins: Vec<ClusterPin>,
) -> Result<Vec<PinStatusRow>, SharedError> {
    if pins.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Vec<u8>> = pins.iter().map(|pin| pin.cid.to_bytes()).collect();
    let rows = sqlx::query(
        "SELECT pin, peer, assigned, status, error, attempts, changed FROM cairn.cluster_holding
         WHERE pin = ANY($1) ORDER BY peer COLLATE \"C\"",
    )
    .bind(&ids)
    .fetch_all(connection)
    .await
    .map_err(failed(READ))?;
    let mut holdings: HashMap<Vec<u8>, Vec<Holding>> = HashMap::with_capacity(pins.len());
    for row in &rows {
        let (id, holding) = holding_of(row)?;
        holdings.entry(id).or_default().push(holding);
    }
    Ok(pins
        .into_iter()
        .zip(ids)
        .map(|(pin, id)| status_row(pin, holdings.remove(&id).unwrap_or_default()))
        .collect())
}

pub(super) async fn status(
    connection: &mut PgConnection,
    id: &[u8],
) -> Result<Option<PinStatusRow>, SharedError> {
    let found = sqlx::query(concat!(
        "SELECT ",
        pin_columns!(),
        " FROM cairn.cluster_pin p WHERE p.id = $1"
    ))
    .bind(id)
    .fetch_optional(&mut *connection)
    .await
    .map_err(failed(READ))?;
    let Some(row) = found else {
        return Ok(None);
    };
    let rows = with_holdings(connection, vec![pin(&row)?]).await?;
    Ok(rows.into_iter().next())
}

pub(super) async fn page(
    pool: &PgPool,
    kinds: PinKinds,
    after: &[u8],
    limit: usize,
) -> Result<Vec<ClusterPin>, SharedError> {
    let rows = sqlx::query(concat!(
        "SELECT ",
        pin_columns!(),
        ", (SELECT array_agg(h.peer ORDER BY h.peer COLLATE \"C\") FROM cairn.cluster_holding h
            WHERE h.pin = p.id AND h.assigned AND NOT p.everywhere)
         FROM cairn.cluster_pin p WHERE p.id > $1 AND $2 & (1::bigint << p.kind::int) <> 0
         ORDER BY p.id LIMIT $3"
    ))
    .bind(after)
    .bind(kinds.bits())
    .bind(page_limit(limit))
    .fetch_all(pool)
    .await
    .map_err(failed(READ))?;
    rows.iter()
        .map(|row| {
            let mut pin = pin(row)?;
            let peers: Option<Vec<String>> = row.try_get(16).map_err(failed(READ))?;
            pin.peers = peers.unwrap_or_default();
            Ok(pin)
        })
        .collect()
}

pub(super) async fn statuses(
    pool: &PgPool,
    with: Option<Statuses>,
    after: &[u8],
    limit: usize,
) -> Result<Vec<PinStatusRow>, SharedError> {
    let query = match with {
        None => concat!(
            "SELECT ",
            pin_columns!(),
            " FROM cairn.cluster_pin p WHERE p.id > $1 AND $2 = $2 ORDER BY p.id LIMIT $3"
        ),
        Some(with) if with.has(HoldingStatus::Pinned) => concat!(
            "SELECT ",
            pin_columns!(),
            " FROM cairn.cluster_pin p WHERE p.id > $1 AND EXISTS (
                SELECT 1 FROM cairn.cluster_holding h
                WHERE h.pin = p.id AND $2 & (1::bigint << h.status::int) <> 0)
             ORDER BY p.id LIMIT $3"
        ),
        // The holdings that are not pinned have an index, and are few.
        Some(_) => concat!(
            "SELECT ",
            pin_columns!(),
            " FROM cairn.cluster_pin p WHERE p.id IN (
                SELECT h.pin FROM cairn.cluster_holding h
                WHERE h.status <> 2 AND $2 & (1::bigint << h.status::int) <> 0 AND h.pin > $1)
             ORDER BY p.id LIMIT $3"
        ),
    };
    let mut connection = pool.acquire().await.map_err(failed(READ))?;
    let rows = sqlx::query(query)
        .bind(after)
        .bind(with.map_or(0, Statuses::bits))
        .bind(page_limit(limit))
        .fetch_all(&mut *connection)
        .await
        .map_err(failed(READ))?;
    let pins = rows.iter().map(pin).collect::<Result<_, _>>()?;
    with_holdings(&mut connection, pins).await
}

/// The peers that have a content, by the ids of its pins.
pub(super) async fn holders(
    pool: &PgPool,
    ids: [Option<Vec<u8>>; 2],
) -> Result<Vec<String>, SharedError> {
    let [new, old] = ids;
    let rows: Vec<(String,)> = sqlx::query_as(
        "SELECT DISTINCT peer FROM cairn.cluster_holding
         WHERE pin IN ($1, $2) AND status = 2 ORDER BY peer",
    )
    .bind(new)
    .bind(old)
    .fetch_all(pool)
    .await
    .map_err(failed(READ))?;
    Ok(rows.into_iter().map(|(peer,)| peer).collect())
}

pub(super) async fn wants(
    pool: &PgPool,
    peer: &str,
    ids: [Option<Vec<u8>>; 2],
) -> Result<bool, SharedError> {
    let [new, old] = ids;
    let (wants,) = sqlx::query_as(
        "SELECT EXISTS (SELECT 1 FROM cairn.cluster_holding WHERE pin IN ($1, $2) AND peer = $3)",
    )
    .bind(new)
    .bind(old)
    .bind(peer)
    .fetch_one(pool)
    .await
    .map_err(failed(READ))?;
    Ok(wants)
}
