//! The queue of pin requests.

use std::collections::HashMap;

use rusqlite::Connection;

use super::write::count;
use super::{add_release, all, clock, one, write};
use crate::shared::pins::{read_origins, signed, unsigned};
use crate::shared::releases::read_cid;
use crate::shared::{
    AccountId, BackOff, Fenced, LeasedPin, PinEnd, PinLease, PinState, RenewedPin, SharedError,
    millis, page_limit,
};

/// Gives a turn to requests whose wait or lease is over: those of which blocks have arrived, from the turn that is being
/// served; others behind all requests of their account, so that first attempts come before further ones.
fn wake(connection: &Connection, limit: usize, now: i64, clock: i64) -> Result<(), SharedError> {
    let due = all(
        connection,
        "SELECT w.account, w.created, w.blocks > 0, a.pin_turn FROM pin_work w JOIN account a ON a.id = w.account
         WHERE w.turn IS NULL AND w.due <= ?1 ORDER BY w.due LIMIT ?2",
        (now, page_limit(limit)),
        |row| {
            let (account, created): (i64, i64) = (row.get(0)?, row.get(1)?);
            Ok((account, created, row.get::<_, bool>(2)?, row.get::<_, i64>(3)?))
        },
    )?;
    // Those of one account one after the other.
    let mut turns = HashMap::new();
    for (account, created, has_blocks, last) in due {
        let first = if has_blocks { clock } else { last.max(clock) };
        let turn = turns.entry((account, has_blocks)).or_insert(first);
        *turn += 1;
        write(
            connection,
            "UPDATE pin_work SET turn = ?3, epoch = epoch + 1 WHERE account = ?1 AND created = ?2",
            (account, created, *turn),
        )?;
        change(
            connection,
            (account, created),
            PinState::Pinning,
            PinState::Queued,
        )?;
    }
    Ok(())
}

/// Changes the status of a request that has this one.
fn change(
    connection: &Connection,
    (account, created): (i64, i64),
    from: PinState,
    to: PinState,
) -> Result<(), SharedError> {
    let changed = write(
        connection,
        "UPDATE pin_request SET status = ?4 WHERE account = ?1 AND created = ?2 AND status = ?3",
        (account, created, from.number(), to.number()),
    )?;
    if changed {
        count(connection, account, created, Some(from), Some(to))?;
    }
    Ok(())
}

pub(super) fn lease(
    connection: &Connection,
    peer: &str,
    limit: usize,
    lease: i64,
) -> Result<Vec<LeasedPin>, SharedError> {
    let now = clock(connection)?;
    let turn = one(connection, "SELECT turn FROM pin_clock", [], |row| {
        row.get(0)
    })?;
    wake(connection, limit, now, turn.unwrap_or(0))?;
    struct Ready {
        account: i64,
        created: i64,
        turn: i64,
        epoch: i64,
        attempts: i64,
        peer: Option<String>,
        cid: Vec<u8>,
        origins: Option<String>,
    }
    let ready = all(
        connection,
        "SELECT w.account, w.created, w.turn, w.epoch, w.attempts, w.peer, p.cid, p.origins
         FROM pin_work w JOIN pin_request p ON p.account = w.account AND p.created = w.created
         WHERE w.turn IS NOT NULL ORDER BY w.turn LIMIT ?1",
        [page_limit(limit)],
        |row| {
            Ok(Ready {
                account: row.get(0)?,
                created: row.get(1)?,
                turn: row.get(2)?,
                epoch: row.get(3)?,
                attempts: row.get(4)?,
                peer: row.get(5)?,
                cid: row.get(6)?,
                origins: row.get(7)?,
            })
        },
    )?;
    let mut leased = Vec::with_capacity(ready.len());
    for row in &ready {
        write(
            connection,
            "UPDATE pin_work SET turn = NULL, due = ?3, epoch = ?4, attempts = attempts + 1, peer = ?5
             WHERE account = ?1 AND created = ?2",
            (row.account, row.created, now + lease, row.epoch + 1, peer),
        )?;
        if let Some(before) = &row.peer
            && before != peer
        {
            add_release(connection, before, &row.cid)?;
        }
        leased.push(LeasedPin {
            lease: PinLease {
                account: AccountId(row.account),
                created: row.created,
                epoch: row.epoch + 1,
            },
            cid: read_cid(&row.cid)?,
            origins: read_origins(row.origins.as_deref())?,
            attempts: unsigned(row.attempts)? + 1,
        });
    }
    if let Some(last) = ready.last() {
        write(
            connection,
            "UPDATE pin_clock SET turn = ?1 WHERE turn < ?1",
            [last.turn],
        )?;
    }
    Ok(leased)
}

pub(super) fn renew(
    connection: &Connection,
    renewed: &[RenewedPin],
    lease: i64,
) -> Result<Vec<PinLease>, SharedError> {
    let now = clock(connection)?;
    let mut lost = Vec::new();
    for pin in renewed {
        let held = write(
            connection,
            "UPDATE pin_work SET due = ?4, last_block = CASE WHEN ?6 > blocks THEN ?5 ELSE last_block END,
                 bytes = CASE WHEN ?6 > blocks THEN ?7 ELSE bytes END, blocks = max(blocks, ?6)
             WHERE account = ?1 AND created = ?2 AND epoch = ?3 AND turn IS NULL",
            (
                pin.lease.account.0,
                pin.lease.created,
                pin.lease.epoch,
                now + lease,
                now,
                signed(pin.blocks),
                signed(pin.bytes),
            ),
        )?;
        if !held {
            lost.push(pin.lease);
        }
    }
    Ok(lost)
}

/// What a worker's write needs of its request.
struct Held {
    peer: Option<String>,
    last_block: i64,
    keeps: Option<String>,
    kept: Option<Vec<u8>>,
    cid: Vec<u8>,
    state: PinState,
}

fn held(connection: &Connection, lease: PinLease) -> Result<Option<Held>, SharedError> {
    let found = one(
        connection,
        "SELECT w.peer, w.last_block, w.keep_peer, w.keep_cid, p.cid, p.status
         FROM pin_work w JOIN pin_request p ON p.account = w.account AND p.created = w.created
         WHERE w.account = ?1 AND w.created = ?2 AND w.epoch = ?3 AND w.turn IS NULL",
        (lease.account.0, lease.created, lease.epoch),
        |row| {
            let held = Held {
                peer: row.get(0)?,
                last_block: row.get(1)?,
                keeps: row.get(2)?,
                kept: row.get(3)?,
                cid: row.get(4)?,
                state: PinState::Queued,
            };
            Ok((held, row.get::<_, i64>(5)?))
        },
    )?;
    let Some((mut held, status)) = found else {
        return Ok(None);
    };
    held.state = PinState::read(status)?;
    Ok(Some(held))
}

pub(super) fn start(connection: &Connection, lease: PinLease) -> Result<Fenced, SharedError> {
    if held(connection, lease)?.is_none() {
        return Ok(Fenced::Lost);
    }
    let place = (lease.account.0, lease.created);
    change(connection, place, PinState::Queued, PinState::Pinning)?;
    Ok(Fenced::Done)
}

pub(super) fn back_off(
    connection: &Connection,
    lease: PinLease,
    back_off: &BackOff,
) -> Result<Fenced, SharedError> {
    let Some(held) = held(connection, lease)? else {
        return Ok(Fenced::Lost);
    };
    let now = clock(connection)?;
    let end = held.last_block.saturating_add(millis(back_off.give_up));
    if now >= end {
        let end = PinEnd::Failed {
            details: back_off.failure.clone(),
        };
        finish(connection, lease, &end)?;
        return Ok(Fenced::GivenUp);
    }
    let place = (lease.account.0, lease.created);
    write(
        connection,
        "UPDATE pin_work SET due = ?3, epoch = epoch + 1, peer = NULL, details = ?4 WHERE account = ?1 AND created = ?2",
        (
            place.0,
            place.1,
            end.min(now + millis(back_off.delay)),
            &back_off.waits,
        ),
    )?;
    change(connection, place, PinState::Pinning, PinState::Queued)?;
    Ok(Fenced::Done)
}

pub(super) fn finish(
    connection: &Connection,
    lease: PinLease,
    end: &PinEnd,
) -> Result<Fenced, SharedError> {
    let Some(held) = held(connection, lease)? else {
        return Ok(Fenced::Lost);
    };
    let (account, created) = (lease.account.0, lease.created);
    let state = match end {
        PinEnd::Pinned {
            dag_size,
            raw_size,
            details,
        } => {
            let fits = write(
                connection,
                "UPDATE account SET used_bytes = used_bytes + ?2
                 WHERE id = ?1 AND (max_bytes IS NULL OR used_bytes + ?2 <= max_bytes)",
                (account, signed(*dag_size)),
            )?;
            if !fits {
                let limit: Option<i64> = one(
                    connection,
                    "SELECT max_bytes FROM account WHERE id = ?1",
                    [account],
                    |row| row.get(0),
                )?;
                return Ok(Fenced::OverQuota {
                    limit: unsigned(limit.unwrap_or(0))?,
                });
            }
            write(
                connection,
                "UPDATE pin_request SET status = 2, peer = ?3, dag_size = ?4, raw_size = ?5, details = ?6
                 WHERE account = ?1 AND created = ?2",
                (
                    account,
                    created,
                    &held.peer,
                    signed(*dag_size),
                    raw_size.map(signed),
                    details,
                ),
            )?;
            PinState::Pinned
        }
        PinEnd::Failed { details } => {
            write(
                connection,
                "UPDATE pin_request SET status = 3, details = ?3 WHERE account = ?1 AND created = ?2",
                (account, created, details),
            )?;
            if let Some(peer) = &held.peer {
                add_release(connection, peer, &held.cid)?;
            }
            PinState::Failed
        }
    };
    write(
        connection,
        "DELETE FROM pin_work WHERE account = ?1 AND created = ?2",
        (account, created),
    )?;
    count(connection, account, created, Some(held.state), Some(state))?;
    if let Some((peer, cid)) = held.keeps.zip(held.kept) {
        add_release(connection, &peer, &cid)?;
    }
    Ok(Fenced::Done)
}

pub(super) fn abandon(connection: &Connection, peer: &str) -> Result<u64, SharedError> {
    let now = clock(connection)?;
    connection
        .prepare_cached(
            "UPDATE pin_work SET due = ?2, epoch = epoch + 1 WHERE turn IS NULL AND peer = ?1",
        )
        .and_then(|mut statement| statement.execute((peer, now)))
        .map(|count| count as u64)
        .map_err(super::failed(super::WRITE))
}

pub(super) fn requeue(connection: &Connection, peer: &str, cid: &[u8]) -> Result<u64, SharedError> {
    let now = clock(connection)?;
    let lost = all(
        connection,
        "SELECT account, created, dag_size FROM pin_request WHERE cid = ?1 AND peer = ?2 AND status = 2",
        (cid, peer),
        |row| Ok((row.get(0)?, row.get(1)?, row.get::<_, Option<i64>>(2)?)),
    )?;
    for &(account, created, size) in &lost {
        let turn: Option<i64> = one(
            connection,
            "UPDATE account SET used_bytes = used_bytes - ?2, pin_turn = max(pin_turn, (SELECT turn FROM pin_clock)) + 1
             WHERE id = ?1 RETURNING pin_turn",
            (account, size.unwrap_or(0)),
            |row| row.get(0),
        )?;
        write(
            connection,
            "UPDATE pin_request SET status = 0, peer = NULL, dag_size = NULL, raw_size = NULL, details = NULL
             WHERE account = ?1 AND created = ?2",
            (account, created),
        )?;
        write(
            connection,
            "INSERT INTO pin_work (account, created, epoch, turn, due, attempts, last_block, blocks, bytes)
             VALUES (?1, ?2, ?4, ?3, ?4, 0, ?4, 0, 0)",
            (account, created, turn, now),
        )?;
        let (from, to) = (PinState::Pinned, PinState::Queued);
        count(connection, account, created, Some(from), Some(to))?;
    }
    Ok(lost.len() as u64)
}
