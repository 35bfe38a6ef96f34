//! The work of peers.

use std::collections::HashSet;
use std::time::Duration;

use cairn_primitives::Cid;
use rusqlite::Connection;

use super::peers::holds;
use super::pins::{columns, pin_columns, with_holdings};
use super::write::settle;
use super::{READ, WRITE};
use crate::shared::cluster::{Claimed, Lease, Outcome, PinStatusRow, cid};
use crate::shared::releases::cid_key;
use crate::shared::sqlite::accounts::changed;
use crate::shared::sqlite::{failed, now, releases};
use crate::shared::{Millis, SharedError, millis, page_limit};

/// Whether a holding is due.
pub(super) fn waits(connection: &Connection, peer: &str) -> Result<bool, SharedError> {
    connection
        .prepare_cached(concat!(
            "SELECT EXISTS (SELECT 1 FROM cluster_holding
             WHERE peer = ?1 AND status <> 2 AND status IN (0, 3) AND assigned = 1 AND due <= ",
            now!(),
            ")"
        ))
        .and_then(|mut statement| statement.query_row([peer], |row| row.get(0)))
        .map_err(failed(READ))
}

pub(super) fn claim(
    connection: &Connection,
    lease: &Lease,
    limit: usize,
) -> Result<Vec<Claimed>, SharedError> {
    if !holds(connection, lease)? {
        return Ok(Vec::new());
    }
    let mut statement = connection
        .prepare_cached(concat!(
            "SELECT ",
            pin_columns!(),
            ", h.attempts FROM cluster_holding h JOIN cluster_pin p ON p.id = h.pin
             WHERE h.peer = ?1 AND h.status <> 2 AND h.status IN (0, 3) AND h.assigned = 1 AND h.due <= ",
            now!(),
            " ORDER BY h.due LIMIT ?2"
        ))
        .map_err(failed(READ))?;
    let rows: Vec<_> = statement
        .query_map((&lease.peer, page_limit(limit)), |row| {
            Ok((columns(row)?, row.get(16)?))
        })
        .and_then(Iterator::collect)
        .map_err(failed(READ))?;
    rows.into_iter()
        .map(|(columns, attempts)| {
            changed(
                connection,
                concat!(
                    "UPDATE cluster_holding SET status = 1, attempts = attempts + 1, error = '', changed = ",
                    now!(),
                    " WHERE pin = ?1 AND peer = ?2"
                ),
                (&columns.id, &lease.peer),
                WRITE,
            )?;
            Ok(Claimed {
                pin: columns.pin()?,
                attempts,
            })
        })
        .collect()
}

pub(super) fn finish(
    connection: &Connection,
    lease: &Lease,
    id: &[u8],
    direct: bool,
    outcome: &Outcome,
) -> Result<bool, SharedError> {
    let done = holds(connection, lease)? && record(connection, lease, id, direct, outcome)?;
    if !done && *outcome == Outcome::Pinned {
        // Whatever wants the content meanwhile keeps it.
        releases::add(connection, &lease.peer, &cid_key(&cid(id)?))?;
    }
    Ok(done)
}

fn record(
    connection: &Connection,
    lease: &Lease,
    id: &[u8],
    direct: bool,
    outcome: &Outcome,
) -> Result<bool, SharedError> {
    let (status, error, retry) = match outcome {
        Outcome::Pinned => (2, "", 0),
        Outcome::Failed { error, retry } => (3, error.as_str(), millis(*retry)),
    };
    // The mode may have changed since it was claimed, and the peer may have claimed it again for the new one.
    let done = changed(
        connection,
        concat!(
            "UPDATE cluster_holding SET status = ?3, error = ?4, changed = now, due = now + ?5 FROM (SELECT ",
            now!(),
            " AS now) WHERE pin = ?1 AND peer = ?2 AND status = 1
              AND EXISTS (SELECT 1 FROM cluster_pin p WHERE p.id = ?1 AND p.direct = ?6)"
        ),
        (id, &lease.peer, status, error, retry, direct),
        WRITE,
    )?;
    if done && *outcome == Outcome::Pinned {
        // Whoever failed to get it can get it from here.
        changed(
            connection,
            concat!(
                "UPDATE cluster_holding SET due = now FROM (SELECT ",
                now!(),
                " AS now) WHERE pin = ?1 AND status = 3 AND due > now"
            ),
            [id],
            WRITE,
        )?;
        settle(connection, id)?;
    }
    Ok(done)
}

pub(super) fn requeue(
    connection: &Connection,
    lease: &Lease,
    working: &HashSet<Vec<u8>>,
) -> Result<bool, SharedError> {
    if !holds(connection, lease)? {
        return Ok(false);
    }
    let pinning: Vec<Vec<u8>> = connection
        .prepare_cached(
            "SELECT pin FROM cluster_holding WHERE peer = ?1 AND status <> 2 AND status = 1",
        )
        .and_then(|mut statement| {
            statement
                .query_map([&lease.peer], |row| row.get(0))?
                .collect()
        })
        .map_err(failed(READ))?;
    for pin in pinning.iter().filter(|pin| !working.contains(*pin)) {
        changed(
            connection,
            concat!(
                "UPDATE cluster_holding SET status = 0, changed = now, due = now FROM (SELECT ",
                now!(),
                " AS now) WHERE pin = ?1 AND peer = ?2"
            ),
            (pin, &lease.peer),
            WRITE,
        )?;
    }
    Ok(true)
}

pub(super) fn pinned(
    connection: &Connection,
    peer: &str,
    after: &[u8],
    limit: usize,
) -> Result<Vec<Cid>, SharedError> {
    let pins: Vec<Vec<u8>> = connection
        .prepare_cached(
            "SELECT pin FROM cluster_holding WHERE peer = ?1 AND pin > ?2 AND status = 2
             ORDER BY pin LIMIT ?3",
        )
        .and_then(|mut statement| {
            statement
                .query_map((peer, after, page_limit(limit)), |row| row.get(0))?
                .collect()
        })
        .map_err(failed(READ))?;
    pins.iter().map(|pin| cid(pin)).collect()
}

pub(super) fn requeue_lost(
    connection: &Connection,
    peer: &str,
    id: &[u8],
) -> Result<bool, SharedError> {
    let there = changed(
        connection,
        concat!(
            "UPDATE cluster_holding SET status = 0, attempts = 0, changed = now, due = now FROM (SELECT ",
            now!(),
            " AS now) WHERE pin = ?1 AND peer = ?2 AND status = 2"
        ),
        (id, peer),
        WRITE,
    )?;
    if there {
        settle(connection, id)?;
    }
    Ok(there)
}

pub(super) fn retry(
    connection: &Connection,
    id: Option<&[u8]>,
    peer: Option<&str>,
    until: Option<Millis>,
    limit: usize,
) -> Result<Vec<Cid>, SharedError> {
    let failing: Vec<(Vec<u8>, String)> = connection
        .prepare_cached(
            "SELECT pin, peer FROM cluster_holding WHERE status <> 2 AND status = 3 AND assigned = 1
             AND (?1 IS NULL OR pin = ?1) AND (?2 IS NULL OR peer = ?2)
             AND (?4 IS NULL OR changed <= ?4) ORDER BY pin LIMIT ?3",
        )
        .and_then(|mut statement| {
            statement
                .query_map((id, peer, page_limit(limit), until), |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })?
                .collect()
        })
        .map_err(failed(READ))?;
    let mut pins: Vec<Cid> = Vec::new();
    for (pin, peer) in failing {
        changed(
            connection,
            concat!(
                "UPDATE cluster_holding SET status = 0, attempts = 0, error = '', changed = now, due = now FROM (SELECT ",
                now!(),
                " AS now) WHERE pin = ?1 AND peer = ?2"
            ),
            (&pin, peer),
            WRITE,
        )?;
        let cid = cid(&pin)?;
        if pins.last() != Some(&cid) {
            pins.push(cid);
        }
    }
    Ok(pins)
}

pub(super) fn misplaced(
    connection: &Connection,
    patience: Duration,
    after: &[u8],
    limit: usize,
) -> Result<Vec<PinStatusRow>, SharedError> {
    let mut statement = connection
        .prepare_cached(concat!(
            "SELECT ",
            pin_columns!(),
            " FROM cluster_pin p WHERE p.everywhere = 0 AND p.id IN (
                SELECT h.pin FROM cluster_state s CROSS JOIN (SELECT ",
            now!(),
            // Such a peer is rare: the holdings are not looked at without one.
            " AS now) CROSS JOIN cluster_peer c CROSS JOIN cluster_holding h ON h.peer = c.id
                WHERE h.assigned = 1 AND h.pin > ?1
                AND (c.state = 1 OR (now > s.grace AND c.lease + ?2 < now)))
             ORDER BY p.id LIMIT ?3"
        ))
        .map_err(failed(READ))?;
    let rows = statement
        .query_map((after, millis(patience), page_limit(limit)), columns)
        .map_err(failed(READ))?;
    let pins = rows
        .map(|row| row.map_err(failed(READ))?.pin())
        .collect::<Result<_, _>>()?;
    with_holdings(connection, pins)
}

pub(super) fn count(connection: &Connection, peer: &str) -> Result<(u64, u64), SharedError> {
    let (waiting, pinned): (i64, i64) = connection
        .prepare_cached(
            // Those that wait have an index.
            "SELECT waiting, held - waiting FROM (SELECT
                (SELECT count(*) FROM cluster_holding WHERE peer = ?1 AND status <> 2) AS waiting,
                (SELECT count(*) FROM cluster_holding WHERE peer = ?1) AS held)",
        )
        .and_then(|mut statement| statement.query_row([peer], |row| Ok((row.get(0)?, row.get(1)?))))
        .map_err(failed(READ))?;
    Ok((waiting.unsigned_abs(), pinned.unsigned_abs()))
}
