//! Peers, leases, metrics.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension as _, Row};

use super::write::settle_peer;
use super::{READ, WRITE};
use crate::shared::cluster::{
    ClusterMetric, ClusterPeer, Lease, MAX_METRICS, MAX_PEERS, NewMetric, PeerState, Peers, Renewal,
};
use crate::shared::sqlite::accounts::changed;
use crate::shared::sqlite::{failed, now};
use crate::shared::{SharedError, millis};

pub(super) fn join(
    connection: &Connection,
    peer: String,
    info: &str,
    term: Duration,
) -> Result<Lease, SharedError> {
    let before: Option<i64> = connection
        .prepare_cached("SELECT state FROM cluster_peer WHERE id = ?1")
        .and_then(|mut statement| statement.query_row([&peer], |row| row.get(0)).optional())
        .map_err(failed(READ))?;
    let count: i64 = connection
        .query_row("SELECT count(*) FROM cluster_peer", [], |row| row.get(0))
        .map_err(failed(READ))?;
    if before.is_none() && usize::try_from(count).is_ok_and(|count| count >= MAX_PEERS) {
        return Err(SharedError::Range {
            what: "the number of peers",
        });
    }
    let epoch = connection
        .prepare_cached(concat!(
            // Its first epoch is the time: a peer that was removed and returns has none that it had before.
            "INSERT INTO cluster_peer (id, epoch, info, lease, joined)
             SELECT ?1, now, ?2, now + ?3, now FROM (SELECT ",
            now!(),
            " AS now) WHERE true ON CONFLICT (id) DO UPDATE
             SET epoch = max(epoch + 1, excluded.epoch), state = 0, info = excluded.info, lease = excluded.lease
             RETURNING epoch"
        ))
        .and_then(|mut statement| {
            statement.query_row((&peer, info, millis(term)), |row| row.get(0))
        })
        .map_err(failed(WRITE))?;
    changed(
        connection,
        "UPDATE cluster_holding SET status = 0 WHERE peer = ?1 AND status = 1",
        [&peer],
        WRITE,
    )?;
    // What others could not get while it was away they get now.
    changed(
        connection,
        concat!(
            "UPDATE cluster_holding SET due = now FROM (SELECT ",
            now!(),
            " AS now) WHERE status = 3 AND due > now AND EXISTS (SELECT 1 FROM cluster_holding o
                WHERE o.pin = cluster_holding.pin AND o.peer = ?1 AND o.status = 2)"
        ),
        [&peer],
        WRITE,
    )?;
    // A peer that was there before has them already.
    if before != Some(0) {
        changed(
            connection,
            concat!(
                "INSERT INTO cluster_holding (pin, peer, assigned, changed, due)
                 SELECT id, ?1, 1, now, now FROM cluster_pin, (SELECT ",
                now!(),
                " AS now) WHERE everywhere = 1
                 ON CONFLICT (pin, peer) DO UPDATE SET assigned = 1"
            ),
            [&peer],
            WRITE,
        )?;
    }
    Ok(Lease { peer, epoch })
}

pub(super) fn renew(
    connection: &Connection,
    lease: &Lease,
    info: &str,
    metrics: &[NewMetric],
    (term, outage, patience): (Duration, Duration, Duration),
) -> Result<Renewal, SharedError> {
    let until: Option<i64> = connection
        .prepare_cached(concat!(
            "UPDATE cluster_peer SET info = ?3, lease = ?4 + ",
            now!(),
            " WHERE id = ?1 AND epoch = ?2 RETURNING lease"
        ))
        .and_then(|mut statement| {
            let parameters = (&lease.peer, lease.epoch, info, millis(term));
            statement.query_row(parameters, |row| row.get(0)).optional()
        })
        .map_err(failed(WRITE))?;
    let Some(until) = until else {
        return Ok(Renewal::Lost);
    };
    let write = |error| failed(WRITE)(error);
    connection
        .prepare_cached(concat!(
            "UPDATE cluster_state SET beat = now,
             grace = CASE WHEN now - beat > ?1 THEN now + ?1 + ?2 ELSE grace END FROM (SELECT ",
            now!(),
            " AS now)"
        ))
        .and_then(|mut statement| statement.execute([millis(outage), millis(patience)]))
        .map_err(write)?;
    connection
        .prepare_cached("DELETE FROM cluster_metric WHERE peer = ?1")
        .and_then(|mut statement| statement.execute([&lease.peer]))
        .map_err(write)?;
    for metric in metrics.iter().take(MAX_METRICS) {
        connection
            .prepare_cached(concat!(
                "INSERT OR REPLACE INTO cluster_metric
                 (peer, name, value, weight, partitionable, received, expires)
                 SELECT ?1, ?2, ?3, ?4, ?5, now, now + ?6 FROM (SELECT ",
                now!(),
                " AS now)"
            ))
            .and_then(|mut statement| {
                statement.execute((
                    &lease.peer,
                    &metric.name,
                    &metric.value,
                    metric.weight,
                    metric.partitionable,
                    millis(metric.term),
                ))
            })
            .map_err(write)?;
    }
    Ok(Renewal::Until(until))
}

pub(super) fn all(connection: &Connection) -> Result<Peers, SharedError> {
    let (now, grace) = connection
        .query_row(
            concat!("SELECT ", now!(), ", grace FROM cluster_state"),
            [],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .map_err(failed(READ))?;
    let mut statement = connection
        .prepare_cached("SELECT id, info, state, lease, joined FROM cluster_peer ORDER BY id")
        .map_err(failed(READ))?;
    let mut rows = statement.query([]).map_err(failed(READ))?;
    let mut peers = Vec::new();
    while let Some(row) = rows.next().map_err(failed(READ))? {
        let peer = ClusterPeer {
            id: row.get(0).map_err(failed(READ))?,
            info: row.get(1).map_err(failed(READ))?,
            state: PeerState::of(row.get(2).map_err(failed(READ))?)?,
            lease: row.get(3).map_err(failed(READ))?,
            joined: row.get(4).map_err(failed(READ))?,
        };
        peers.push(peer);
    }
    Ok(Peers { now, grace, peers })
}

fn metric(row: &Row<'_>) -> rusqlite::Result<ClusterMetric> {
    Ok(ClusterMetric {
        peer: row.get(0)?,
        name: row.get(1)?,
        value: row.get(2)?,
        weight: row.get(3)?,
        partitionable: row.get(4)?,
        received: row.get(5)?,
        expires: row.get(6)?,
    })
}

pub(super) fn metrics(
    connection: &Connection,
    name: Option<&str>,
) -> Result<Vec<ClusterMetric>, SharedError> {
    connection
        .prepare_cached(
            "SELECT peer, name, value, weight, partitionable, received, expires FROM cluster_metric
             WHERE ?1 IS NULL OR name = ?1 ORDER BY peer, name",
        )
        .and_then(|mut statement| statement.query_map([name], metric)?.collect())
        .map_err(failed(READ))
}

pub(super) fn drain(connection: &Connection, peer: &str) -> Result<bool, SharedError> {
    let there = changed(
        connection,
        "UPDATE cluster_peer SET state = 1 WHERE id = ?1",
        [peer],
        WRITE,
    )?;
    if there {
        changed(
            connection,
            "UPDATE cluster_holding SET assigned = 0 WHERE peer = ?1
             AND pin IN (SELECT id FROM cluster_pin WHERE everywhere = 1)",
            [peer],
            WRITE,
        )?;
        settle_peer(connection, peer)?;
    }
    Ok(there)
}

pub(super) fn remove_drained(connection: &Connection) -> Result<Vec<String>, SharedError> {
    let drained: Vec<String> = connection
        .prepare_cached("SELECT id FROM cluster_peer WHERE state = 1")
        .and_then(|mut statement| statement.query_map([], |row| row.get(0))?.collect())
        .map_err(failed(READ))?;
    let mut removed = Vec::new();
    for peer in drained {
        settle_peer(connection, &peer)?;
        let gone = changed(
            connection,
            "DELETE FROM cluster_peer WHERE id = ?1
             AND NOT EXISTS (SELECT 1 FROM cluster_holding WHERE peer = ?1)",
            [&peer],
            WRITE,
        )?;
        if gone {
            removed.push(peer);
        }
    }
    Ok(removed)
}

/// Whether the lease is valid.
pub(super) fn holds(connection: &Connection, lease: &Lease) -> Result<bool, SharedError> {
    connection
        .prepare_cached(concat!(
            "SELECT EXISTS (SELECT 1 FROM cluster_peer WHERE id = ?1 AND epoch = ?2 AND lease > ",
            now!(),
            ")"
        ))
        .and_then(|mut statement| statement.query_row((&lease.peer, lease.epoch), |row| row.get(0)))
        .map_err(failed(READ))
}
