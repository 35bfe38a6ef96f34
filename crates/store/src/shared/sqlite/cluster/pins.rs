//! Reading the pinset.

use rusqlite::{Connection, OptionalExtension as _, Params, Row};

use super::READ;
use crate::shared::cluster::{
    ClusterPin, Columns, Holding, PinKinds, PinStatusRow, Statuses, holding, status_row,
};
use crate::shared::sqlite::failed;
use crate::shared::{SharedError, page_limit};

/// The columns that [`columns`] reads.
macro_rules! pin_columns {
    () => {
        "p.id, p.version, p.kind, p.direct, p.name, p.least, p.most, p.shard_size, p.metadata, p.origins, p.update_of, p.reference, p.depth, p.expires, p.created, p.everywhere"
    };
}
pub(super) use pin_columns;

pub(super) fn columns(row: &Row<'_>) -> rusqlite::Result<Columns> {
    Ok(Columns {
        id: row.get(0)?,
        version: row.get(1)?,
        kind: row.get(2)?,
        direct: row.get(3)?,
        name: row.get(4)?,
        least: row.get(5)?,
        most: row.get(6)?,
        shard_size: row.get(7)?,
        metadata: row.get(8)?,
        origins: row.get(9)?,
        update_of: row.get(10)?,
        reference: row.get(11)?,
        depth: row.get(12)?,
        expires: row.get(13)?,
        created: row.get(14)?,
        everywhere: row.get(15)?,
    })
}

fn pins(
    connection: &Connection,
    query: &str,
    parameters: impl Params,
) -> Result<Vec<ClusterPin>, SharedError> {
    let mut statement = connection.prepare_cached(query).map_err(failed(READ))?;
    let rows = statement
        .query_map(parameters, columns)
        .map_err(failed(READ))?;
    rows.map(|row| row.map_err(failed(READ))?.pin()).collect()
}

/// The holdings of a pin.
pub(super) fn holdings(connection: &Connection, id: &[u8]) -> Result<Vec<Holding>, SharedError> {
    let mut statement = connection
        .prepare_cached(
            "SELECT peer, assigned, status, error, attempts, changed FROM cluster_holding
             WHERE pin = ?1 ORDER BY peer",
        )
        .map_err(failed(READ))?;
    let rows = statement
        .query_map([id], |row| {
            Ok((
                row.get(0)?,
                row.get(1)?,
                row.get(2)?,
                row.get(3)?,
                row.get(4)?,
                row.get(5)?,
            ))
        })
        .map_err(failed(READ))?;
    rows.map(|row| holding(row.map_err(failed(READ))?))
        .collect()
}

pub(super) fn with_holdings(
    connection: &Connection,
    pins: Vec<ClusterPin>,
) -> Result<Vec<PinStatusRow>, SharedError> {
    pins.into_iter()
        .map(|pin| {
            let own = holdings(connection, &pin.cid.to_bytes())?;
            Ok(status_row(pin, own))
        })
        .collect()
}

pub(super) fn status(
    connection: &Connection,
    id: &[u8],
) -> Result<Option<PinStatusRow>, SharedError> {
    let found = connection
        .prepare_cached(concat!(
            "SELECT ",
            pin_columns!(),
            " FROM cluster_pin p WHERE p.id = ?1"
        ))
        .and_then(|mut statement| statement.query_row([id], columns).optional())
        .map_err(failed(READ))?;
    found
        .map(|columns| Ok(status_row(columns.pin()?, holdings(connection, id)?)))
        .transpose()
}

pub(super) fn page(
    connection: &Connection,
    kinds: PinKinds,
    after: &[u8],
    limit: usize,
) -> Result<Vec<ClusterPin>, SharedError> {
    let mut page = pins(
        connection,
        concat!(
            "SELECT ",
            pin_columns!(),
            " FROM cluster_pin p WHERE p.id > ?1 AND ?2 & (1 << p.kind) ORDER BY p.id LIMIT ?3"
        ),
        (after, kinds.bits(), page_limit(limit)),
    )?;
    for pin in page.iter_mut().filter(|pin| !pin.everywhere) {
        pin.place(&holdings(connection, &pin.cid.to_bytes())?);
    }
    Ok(page)
}

pub(super) fn statuses(
    connection: &Connection,
    with: Option<Statuses>,
    after: &[u8],
    limit: usize,
) -> Result<Vec<PinStatusRow>, SharedError> {
    let limit = page_limit(limit);
    // One lock of the file for all the queries.
    let _snapshot = connection.unchecked_transaction().map_err(failed(READ))?;
    let page = match with {
        None => pins(
            connection,
            concat!(
                "SELECT ",
                pin_columns!(),
                " FROM cluster_pin p WHERE p.id > ?1 ORDER BY p.id LIMIT ?2"
            ),
            (after, limit),
        )?,
        Some(with) if with.has(crate::shared::HoldingStatus::Pinned) => pins(
            connection,
            concat!(
                "SELECT ",
                pin_columns!(),
                " FROM cluster_pin p WHERE p.id > ?1 AND EXISTS (
                    SELECT 1 FROM cluster_holding h WHERE h.pin = p.id AND ?2 & (1 << h.status))
                 ORDER BY p.id LIMIT ?3"
            ),
            (after, with.bits(), limit),
        )?,
        // The holdings that are not pinned have an index, and are few.
        Some(with) => pins(
            connection,
            concat!(
                "SELECT ",
                pin_columns!(),
                " FROM cluster_pin p WHERE p.id IN (
                    SELECT h.pin FROM cluster_holding h
                    WHERE h.status <> 2 AND ?2 & (1 << h.status) AND h.pin > ?1 ORDER BY h.pin)
                 ORDER BY p.id LIMIT ?3"
            ),
            (after, with.bits(), limit),
        )?,
    };
    with_holdings(connection, page)
}

/// The peers that have a content, by the ids of its pins.
pub(super) fn holders(
    connection: &Connection,
    ids: &[Option<Vec<u8>>; 2],
) -> Result<Vec<String>, SharedError> {
    let [new, old] = ids;
    connection
        .prepare_cached(
            "SELECT DISTINCT peer FROM cluster_holding WHERE pin IN (?1, ?2) AND status = 2 ORDER BY peer",
        )
        .and_then(|mut statement| statement.query_map((new, old), |row| row.get(0))?.collect())
        .map_err(failed(READ))
}

pub(super) fn wants(
    connection: &Connection,
    peer: &str,
    ids: &[Option<Vec<u8>>; 2],
) -> Result<bool, SharedError> {
    let [new, old] = ids;
    connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM cluster_holding WHERE pin IN (?1, ?2) AND peer = ?3)",
        )
        .and_then(|mut statement| statement.query_row((new, old, peer), |row| row.get(0)))
        .map_err(failed(READ))
}
