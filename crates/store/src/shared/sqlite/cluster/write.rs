//! Changing the pinset.

use rusqlite::Connection;

use super::pins::status;
use super::{READ, WRITE};
use crate::shared::cluster::{ClusterPin, NewClusterPin, PinColumns, Placement, Removal};
use crate::shared::sqlite::accounts::changed;
use crate::shared::sqlite::{clock, failed, now, releases};
use crate::shared::{Millis, PinKind, SharedError, page_limit};

/// A pin that is written again.
struct Before {
    version: i64,
    direct: bool,
    kind: i64,
}

pub(super) fn put(connection: &Connection, new: &NewClusterPin) -> Result<ClusterPin, SharedError> {
    let own = PinColumns::of(new)?;
    // Nearly all pins are new: for those, two further statements are all.
    let (now, before): (Millis, Option<Before>) = connection
        .prepare_cached(concat!(
            "SELECT ",
            now!(),
            ", p.version, p.direct, p.kind FROM (SELECT 1) LEFT JOIN cluster_pin p ON p.id = ?1"
        ))
        .and_then(|mut statement| {
            statement.query_row([&own.id], |row| {
                let version: Option<i64> = row.get(1)?;
                let before = match version {
                    Some(version) => Some(Before {
                        version,
                        direct: row.get(2)?,
                        kind: row.get(3)?,
                    }),
                    None => None,
                };
                Ok((row.get(0)?, before))
            })
        })
        .map_err(failed(READ))?;
    if own.at.is_some_and(|at| at <= now) {
        return Err(SharedError::Range {
            what: "the time of expiry",
        });
    }
    if before
        .as_ref()
        .is_some_and(|before| before.kind != new.kind.number())
    {
        return Err(SharedError::OtherKind {
            cid: new.cid.clone(),
        });
    }
    let expires = own
        .at
        .or_else(|| own.after.map(|after| now.saturating_add(after)));
    changed(
        connection,
        "INSERT INTO cluster_pin AS p (id, content, kind, direct, name, least, most, shard_size, metadata, origins,
            update_of, reference, depth, expires, created, everywhere)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)
         ON CONFLICT (id) DO UPDATE SET version = p.version + 1, kind = excluded.kind, direct = excluded.direct,
            name = excluded.name, least = excluded.least, most = excluded.most, shard_size = excluded.shard_size,
            metadata = excluded.metadata, origins = excluded.origins, update_of = excluded.update_of,
            reference = excluded.reference, depth = excluded.depth, expires = excluded.expires,
            created = excluded.created, everywhere = excluded.everywhere",
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
            expires,
            now,
            new.placement == Placement::Everywhere,
        ],
        WRITE,
    )?;
    if let Some(owner) = &own.owner {
        changed(
            connection,
            "INSERT OR IGNORE INTO cluster_shard (owner, shard) VALUES (?1, ?2)",
            (owner, &own.id),
            WRITE,
        )?;
    }
    let placing = Placing {
        id: &own.id,
        source: new.source.as_deref(),
        now,
    };
    let version = match before {
        None => {
            placing.assign(connection, &new.placement)?;
            1
        }
        Some(Before {
            version, direct, ..
        }) => {
            if direct != new.direct {
                changed(
                    connection,
                    "UPDATE cluster_holding SET status = 0, attempts = 0, error = '', changed = ?2, due = ?2 WHERE pin = ?1",
                    (&own.id, now),
                    WRITE,
                )?;
            }
            placing.assign_anew(connection, &new.placement)?;
            version + 1
        }
    };
    Ok(new.written(version, now, expires))
}

/// Which peers should have a pin, at a time.
struct Placing<'a> {
    id: &'a [u8],
    /// A peer that has it already.
    source: Option<&'a str>,
    now: Millis,
}

/// What becomes of the holding of a peer that has one.
macro_rules! again {
    () => {
        " ON CONFLICT (pin, peer) DO UPDATE SET assigned = excluded.assigned,
            status = CASE WHEN excluded.status = 2 THEN 2 WHEN status = 3 THEN 0 ELSE status END,
            attempts = CASE status WHEN 3 THEN 0 ELSE attempts END,
            error = '',
            changed = CASE excluded.status WHEN 2 THEN excluded.changed ELSE changed END,
            due = CASE status WHEN 3 THEN excluded.due ELSE due END"
    };
}

impl Placing<'_> {
    /// Assigns the pin to other peers than before. Those that have failed try again.
    fn assign_anew(
        &self,
        connection: &Connection,
        placement: &Placement,
    ) -> Result<(), SharedError> {
        changed(
            connection,
            "UPDATE cluster_holding SET assigned = 0 WHERE pin = ?1 AND assigned = 1",
            [self.id],
            WRITE,
        )?;
        self.assign(connection, placement)?;
        settle(connection, self.id)
    }

    /// Assigns a pin that is assigned to nobody.
    fn assign(&self, connection: &Connection, placement: &Placement) -> Result<(), SharedError> {
        let peers = match placement {
            Placement::Everywhere => {
                changed(
                    connection,
                    concat!(
                        "INSERT INTO cluster_holding (pin, peer, assigned, status, changed, due)
                         SELECT ?1, id, assigned, CASE id WHEN ?2 THEN 2 ELSE 0 END, ?3, ?3 FROM (
                            SELECT id, 1 AS assigned FROM cluster_peer WHERE state = 0
                            UNION ALL
                            SELECT ?2, 0 WHERE ?2 IS NOT NULL
                                AND NOT EXISTS (SELECT 1 FROM cluster_peer WHERE id = ?2 AND state = 0))
                         WHERE true",
                        again!()
                    ),
                    (self.id, self.source, self.now),
                    WRITE,
                )?;
                return Ok(());
            }
            Placement::On(peers) => peers.as_slice(),
            Placement::Nowhere => &[],
        };
        for peer in peers {
            // One that was removed since it was chosen: its pins move to others, as those of a drained peer.
            changed(
                connection,
                "INSERT OR IGNORE INTO cluster_peer (id, epoch, state, info, lease, joined)
                 VALUES (?1, 0, 1, '{}', 0, ?2)",
                (peer, self.now),
                WRITE,
            )?;
            self.hold(connection, peer, true)?;
        }
        match self.source {
            Some(source) if !peers.iter().any(|peer| peer == source) => {
                self.hold(connection, source, false)
            }
            _ => Ok(()),
        }
    }

    fn hold(&self, connection: &Connection, peer: &str, assigned: bool) -> Result<(), SharedError> {
        let status = if self.source == Some(peer) { 2 } else { 0 };
        changed(
            connection,
            concat!(
                "INSERT INTO cluster_holding (pin, peer, assigned, status, changed, due)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?5)",
                again!()
            ),
            (self.id, peer, assigned, status, self.now),
            WRITE,
        )
        .map(drop)
    }
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
        let placing = Placing {
            id,
            source: None,
            now: clock(connection)?,
        };
        placing.assign_anew(connection, &Placement::On(peers.to_vec()))?;
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
