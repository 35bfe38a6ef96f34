//! Changing the pinset.

use rusqlite::{Connection, OptionalExtension as _};

use super::pins::status;
use super::{READ, WRITE};
use crate::shared::cluster::{ClusterPin, NewClusterPin, PinColumns, Placement, Removal};
use crate::shared::sqlite::accounts::changed;
use crate::shared::sqlite::{failed, now, releases};
use crate::shared::{PinKind, SharedError, page_limit};

pub(super) fn put(connection: &Connection, new: &NewClusterPin) -> Result<ClusterPin, SharedError> {
    let own = PinColumns::of(new)?;
    let before: Option<bool> = connection
        .prepare_cached("SELECT direct FROM cluster_pin WHERE id = ?1")
        .and_then(|mut statement| statement.query_row([&own.id], |row| row.get(0)).optional())
        .map_err(failed(READ))?;
    let everywhere = new.placement == Placement::Everywhere;
    // The row is read at the end: with RETURNING, SQLite would build a table for it.
    let written = changed(
        connection,
        concat!(
            "INSERT INTO cluster_pin AS p (id, content, kind, direct, name, least, most, shard_size, metadata, origins,
                update_of, reference, depth, expires, created, everywhere)
             SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, coalesce(?14, now + ?15), now, ?16
             FROM (SELECT ",
            now!(),
            " AS now) WHERE ?14 IS NULL OR ?14 > now
             ON CONFLICT (id) DO UPDATE SET version = p.version + 1, kind = excluded.kind, direct = excluded.direct,
                name = excluded.name, least = excluded.least, most = excluded.most, shard_size = excluded.shard_size,
                metadata = excluded.metadata, origins = excluded.origins, update_of = excluded.update_of,
                reference = excluded.reference, depth = excluded.depth, expires = excluded.expires,
                created = excluded.created, everywhere = excluded.everywhere"
        ),
        rusqlite::params![
            own.id,
            own.content,
            new.kind.number(),
            new.direct,
            new.name,
            new.replication.0,
            new.replication.1,
            own.shard_size,
            own.metadata,
            own.origins,
            own.update_of,
            own.reference,
            new.depth,
            own.at,
            own.after,
            everywhere,
        ],
        WRITE,
    )?;
    if !written {
        return Err(SharedError::Range {
            what: "the time of expiry",
        });
    }
    if let Some(owner) = &own.owner {
        changed(
            connection,
            "INSERT OR IGNORE INTO cluster_shard (owner, shard) VALUES (?1, ?2)",
            (owner, &own.id),
            WRITE,
        )?;
    }
    if before.is_some_and(|direct| direct != new.direct) {
        changed(
            connection,
            concat!(
                "UPDATE cluster_holding SET status = 0, attempts = 0, error = '', changed = now, due = now FROM (SELECT ",
                now!(),
                " AS now) WHERE pin = ?1"
            ),
            [&own.id],
            WRITE,
        )?;
    }
    if let Some(source) = &new.source {
        changed(
            connection,
            concat!(
                "INSERT INTO cluster_holding (pin, peer, assigned, status, changed, due)
                 SELECT ?1, ?2, 0, 2, now, now FROM (SELECT ",
                now!(),
                " AS now) WHERE true
                 ON CONFLICT (pin, peer) DO UPDATE SET status = 2, error = '', changed = excluded.changed"
            ),
            (&own.id, source),
            WRITE,
        )?;
    }
    place(connection, &own.id, &new.placement)?;
    let row = status(connection, &own.id)?;
    row.map(|row| row.pin).ok_or(SharedError::Damaged {
        what: "a pin that was written is not there",
    })
}

/// Assigns a pin to peers. Those that have failed try again.
fn place(connection: &Connection, id: &[u8], placement: &Placement) -> Result<(), SharedError> {
    changed(
        connection,
        "UPDATE cluster_holding SET assigned = 0 WHERE pin = ?1 AND assigned = 1",
        [id],
        WRITE,
    )?;
    const ASSIGN: &str = " ON CONFLICT (pin, peer) DO UPDATE SET assigned = 1,
        status = CASE status WHEN 3 THEN 0 ELSE status END,
        attempts = CASE status WHEN 3 THEN 0 ELSE attempts END,
        error = '',
        due = CASE status WHEN 3 THEN excluded.due ELSE due END";
    match placement {
        Placement::Nowhere => {}
        Placement::Everywhere => {
            let query = format!(
                "INSERT INTO cluster_holding (pin, peer, assigned, changed, due)
                 SELECT ?1, id, 1, now, now FROM cluster_peer, (SELECT {} AS now) WHERE state = 0{ASSIGN}",
                now!()
            );
            changed(connection, &query, [id], WRITE)?;
        }
        Placement::On(peers) => {
            let query = format!(
                "INSERT INTO cluster_holding (pin, peer, assigned, changed, due)
                 SELECT ?1, ?2, 1, now, now FROM (SELECT {} AS now) WHERE true{ASSIGN}",
                now!()
            );
            for peer in peers {
                // One that was removed since it was chosen: its pins move to others, as those of a drained peer.
                changed(
                    connection,
                    concat!(
                        "INSERT OR IGNORE INTO cluster_peer (id, epoch, state, info, lease, joined)
                         SELECT ?1, 0, 1, '{}', 0, ",
                        now!()
                    ),
                    [peer],
                    WRITE,
                )?;
                changed(connection, &query, (id, peer), WRITE)?;
            }
        }
    }
    settle(connection, id)
}

/// Holdings that are not assigned, and not needed any more: they hold nothing whole, or all that are assigned have it.
macro_rules! needless {
    () => {
        "assigned = 0 AND (status <> 2 OR (
            EXISTS (SELECT 1 FROM cluster_holding o WHERE o.pin = cluster_holding.pin AND o.assigned = 1)
            AND NOT EXISTS (SELECT 1 FROM cluster_holding o
                WHERE o.pin = cluster_holding.pin AND o.assigned = 1 AND o.status <> 2)))"
    };
}

fn drop_holdings(
    connection: &Connection,
    query: &str,
    parameters: impl rusqlite::Params,
) -> Result<(), SharedError> {
    let gone: Vec<(String, Vec<u8>)> = connection
        .prepare_cached(query)
        .and_then(|mut statement| {
            statement
                .query_map(parameters, |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect()
        })
        .map_err(failed(WRITE))?;
    for (peer, content) in &gone {
        releases::add(connection, peer, content)?;
    }
    Ok(())
}

/// Drops the old holders of a pin that are not needed any more.
pub(super) fn settle(connection: &Connection, id: &[u8]) -> Result<(), SharedError> {
    // Most have no old holder: looking costs less than removing nothing.
    let has_old: bool = connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM cluster_holding WHERE pin = ?1 AND assigned = 0)",
        )
        .and_then(|mut statement| statement.query_row([id], |row| row.get(0)))
        .map_err(failed(READ))?;
    if !has_old {
        return Ok(());
    }
    drop_holdings(
        connection,
        concat!(
            "DELETE FROM cluster_holding WHERE pin = ?1 AND ",
            needless!(),
            " RETURNING peer, (SELECT content FROM cluster_pin WHERE id = pin)"
        ),
        [id],
    )
}

/// The same for all pins of one peer.
pub(super) fn settle_peer(connection: &Connection, peer: &str) -> Result<(), SharedError> {
    drop_holdings(
        connection,
        concat!(
            "DELETE FROM cluster_holding WHERE peer = ?1 AND ",
            needless!(),
            " RETURNING peer, (SELECT content FROM cluster_pin WHERE id = pin)"
        ),
        [peer],
    )
}

pub(super) fn reassign(
    connection: &Connection,
    id: &[u8],
    version: i64,
    peers: &[String],
) -> Result<bool, SharedError> {
    let there = changed(
        connection,
        "UPDATE cluster_pin SET version = version + 1 WHERE id = ?1 AND version = ?2 AND everywhere = 0",
        (id, version),
        WRITE,
    )?;
    if there {
        place(connection, id, &Placement::On(peers.to_vec()))?;
    }
    Ok(there)
}

/// Deletes a pin's row and releases its content.
fn delete(connection: &Connection, id: &[u8]) -> Result<(), SharedError> {
    drop_holdings(
        connection,
        "DELETE FROM cluster_holding WHERE pin = ?1
         RETURNING peer, (SELECT content FROM cluster_pin WHERE id = pin)",
        [id],
    )?;
    changed(
        connection,
        "DELETE FROM cluster_pin WHERE id = ?1",
        [id],
        WRITE,
    )?;
    Ok(())
}

pub(super) fn remove(connection: &Connection, id: &[u8]) -> Result<Removal, SharedError> {
    let Some(row) = status(connection, id)? else {
        return Ok(Removal::Absent);
    };
    let pin = row.pin;
    if matches!(pin.kind, PinKind::Shard | PinKind::ClusterDag) {
        return Ok(Removal::Owned);
    }
    let owned: Vec<Vec<u8>> = connection
        .prepare_cached("DELETE FROM cluster_shard WHERE owner = ?1 RETURNING shard")
        .and_then(|mut statement| statement.query_map([id], |row| row.get(0))?.collect())
        .map_err(failed(WRITE))?;
    delete(connection, id)?;
    for shard in owned {
        let shared: bool = connection
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM cluster_shard WHERE shard = ?1)")
            .and_then(|mut statement| statement.query_row([&shard], |row| row.get(0)))
            .map_err(failed(READ))?;
        if !shared {
            delete(connection, &shard)?;
        }
    }
    Ok(Removal::Removed(Box::new(pin)))
}

/// Pins that have expired.
pub(super) fn expired(connection: &Connection, limit: usize) -> Result<Vec<Vec<u8>>, SharedError> {
    connection
        .prepare_cached(concat!(
            "SELECT id FROM cluster_pin WHERE expires <= ",
            now!(),
            " AND kind IN (0, 1) ORDER BY expires LIMIT ?1"
        ))
        .and_then(|mut statement| {
            statement
                .query_map([page_limit(limit)], |row| row.get(0))?
                .collect()
        })
        .map_err(failed(READ))
}
