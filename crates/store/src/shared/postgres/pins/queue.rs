//! The queue of pin requests.

use sqlx::PgConnection;

use super::write::count;
use super::{READ, WRITE, add_release, failed, lock, now};
use crate::shared::pins::{read_origins, signed, unsigned};
use crate::shared::postgres::text;
use crate::shared::releases::read_cid;
use crate::shared::{
    AccountId, BackOff, Fenced, LeasedPin, PinEnd, PinLease, PinState, RenewedPin, SharedError,
    millis, page_limit,
};

/// Gives a turn to requests whose wait or lease is over, those of one account one after the other: those of which blocks
/// have arrived, from the turn that is being served; others behind all requests of their account, so that first attempts
/// come before further ones.
async fn wake(connection: &mut PgConnection, limit: usize) -> Result<(), SharedError> {
    let pinning: Vec<(i64, i64)> = sqlx::query_as(concat!(
        "WITH due AS (
             SELECT account, created, blocks > 0 AS has_blocks FROM cairn.pin_work WHERE turn IS NULL AND due <= ",
        now!(),
        " ORDER BY due LIMIT $1 FOR UPDATE SKIP LOCKED
         ), woken AS (
             UPDATE cairn.pin_work w SET turn = d.first + d.place, epoch = w.epoch + 1
             FROM (SELECT due.account, due.created,
                     row_number() OVER (PARTITION BY due.account, due.has_blocks ORDER BY due.created) AS place,
                     greatest(c.turn, CASE WHEN due.has_blocks THEN c.turn ELSE a.pin_turn END) AS first
                 FROM due JOIN cairn.account a ON a.id = due.account, cairn.pin_clock c) d
             WHERE w.account = d.account AND w.created = d.created RETURNING w.account, w.created
         )
         SELECT p.account, p.created FROM woken w
         JOIN cairn.pin_request p ON p.account = w.account AND p.created = w.created
         WHERE p.status = 1 ORDER BY p.account, p.created"
    ))
    .bind(page_limit(limit))
    .fetch_all(&mut *connection)
    .await
    .map_err(failed(WRITE))?;
    for place in pinning {
        change(connection, place, PinState::Pinning, PinState::Queued).await?;
    }
    Ok(())
}

/// Changes the status of a request that has this one.
async fn change(
    connection: &mut PgConnection,
    (account, created): (i64, i64),
    from: PinState,
    to: PinState,
) -> Result<(), SharedError> {
    let changed = sqlx::query(
        "UPDATE cairn.pin_request SET status = $4 WHERE account = $1 AND created = $2 AND status = $3",
    )
    .bind(account)
    .bind(created)
    .bind(from.number())
    .bind(to.number())
    .execute(&mut *connection)
    .await
    .map_err(failed(WRITE))?;
    if changed.rows_affected() > 0 {
        count(connection, account, created, from, Some(to)).await?;
    }
    Ok(())
}

/// A row of the queue that was leased: account, time, epoch, attempts, turn, the peer before, CID and origins.
type Leased = (
    i64,
    i64,
    i64,
    i64,
    i64,
    Option<String>,
    Vec<u8>,
    Option<String>,
);

pub(super) async fn lease(
    connection: &mut PgConnection,
    peer: &str,
    limit: usize,
    lease: i64,
) -> Result<Vec<LeasedPin>, SharedError> {
    wake(connection, limit).await?;
    let rows: Vec<Leased> = sqlx::query_as(concat!(
        "WITH ready AS (
             SELECT account, created, turn, peer AS before FROM cairn.pin_work WHERE turn IS NOT NULL
             ORDER BY turn LIMIT $2 FOR UPDATE SKIP LOCKED
         ), leased AS (
             UPDATE cairn.pin_work w
             SET turn = NULL, epoch = w.epoch + 1, attempts = w.attempts + 1, peer = $1, due = $3 + ",
        now!(),
        "    FROM ready r WHERE w.account = r.account AND w.created = r.created
             RETURNING w.account, w.created, w.epoch, w.attempts, r.turn, r.before
         )
         SELECT l.account, l.created, l.epoch, l.attempts, l.turn, l.before, p.cid, p.origins FROM leased l
         JOIN cairn.pin_request p ON p.account = l.account AND p.created = l.created ORDER BY l.turn"
    ))
    .bind(peer)
    .bind(page_limit(limit))
    .bind(lease)
    .fetch_all(&mut *connection)
    .await
    .map_err(failed(WRITE))?;
    let mut last = None;
    let mut leased = Vec::with_capacity(rows.len());
    for (account, created, epoch, attempts, turn, before, cid, origins) in rows {
        last = Some(turn);
        if let Some(before) = before
            && before != peer
        {
            add_release(connection, &before, &cid).await?;
        }
        leased.push(LeasedPin {
            lease: PinLease {
                account: AccountId(account),
                created,
                epoch,
            },
            cid: read_cid(&cid)?,
            origins: read_origins(origins.as_deref())?,
            attempts: unsigned(attempts)?,
        });
    }
    if let Some(last) = last {
        sqlx::query("UPDATE cairn.pin_clock SET turn = $1 WHERE turn < $1")
            .bind(last)
            .execute(connection)
            .await
            .map_err(failed(WRITE))?;
    }
    Ok(leased)
}

pub(super) async fn renew(
    connection: &mut PgConnection,
    renewed: &[RenewedPin],
    lease: i64,
) -> Result<Vec<PinLease>, SharedError> {
    let column = |of: fn(&RenewedPin) -> i64| renewed.iter().map(of).collect::<Vec<_>>();
    let held: Vec<(i64, i64)> = sqlx::query_as(concat!(
        "UPDATE cairn.pin_work w SET due = $6 + now, blocks = greatest(w.blocks, r.blocks),
             last_block = CASE WHEN r.blocks > w.blocks THEN now ELSE w.last_block END,
             bytes = CASE WHEN r.blocks > w.blocks THEN r.bytes ELSE w.bytes END
         FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])
             AS r (account, created, epoch, blocks, bytes), (SELECT ",
        now!(),
        " AS now) clock
         WHERE w.account = r.account AND w.created = r.created AND w.epoch = r.epoch AND w.turn IS NULL
         RETURNING w.account, w.created"
    ))
    .bind(column(|pin| pin.lease.account.0))
    .bind(column(|pin| pin.lease.created))
    .bind(column(|pin| pin.lease.epoch))
    .bind(column(|pin| signed(pin.blocks)))
    .bind(column(|pin| signed(pin.bytes)))
    .bind(lease)
    .fetch_all(connection)
    .await
    .map_err(failed(WRITE))?;
    let held: std::collections::HashSet<_> = held.into_iter().collect();
    let lost = renewed
        .iter()
        .map(|pin| pin.lease)
        .filter(|lease| !held.contains(&(lease.account.0, lease.created)));
    Ok(lost.collect())
}

/// What a worker's write needs of its request.
struct Held {
    peer: Option<String>,
    last_block: i64,
    keeps: Option<(String, Vec<u8>)>,
    cid: Vec<u8>,
    state: PinState,
    now: i64,
}

/// Locks the account and the request of a lease, if it is held.
async fn held(connection: &mut PgConnection, lease: PinLease) -> Result<Option<Held>, SharedError> {
    type Columns = (
        Option<String>,
        i64,
        Option<String>,
        Option<Vec<u8>>,
        Vec<u8>,
        i64,
        i64,
    );
    lock(connection, lease.account).await?;
    let found: Option<Columns> = sqlx::query_as(concat!(
        "SELECT w.peer, w.last_block, w.keep_peer, w.keep_cid, p.cid, p.status, ",
        now!(),
        " FROM cairn.pin_work w JOIN cairn.pin_request p ON p.account = w.account AND p.created = w.created
         WHERE w.account = $1 AND w.created = $2 AND w.epoch = $3 AND w.turn IS NULL FOR UPDATE OF w"
    ))
    .bind(lease.account.0)
    .bind(lease.created)
    .bind(lease.epoch)
    .fetch_optional(connection)
    .await
    .map_err(failed(READ))?;
    let Some((peer, last_block, keep_peer, keep_cid, cid, status, now)) = found else {
        return Ok(None);
    };
    Ok(Some(Held {
        peer,
        last_block,
        keeps: keep_peer.zip(keep_cid),
        cid,
        state: PinState::read(status)?,
        now,
    }))
}

pub(super) async fn start(
    connection: &mut PgConnection,
    lease: PinLease,
) -> Result<Fenced, SharedError> {
    if held(connection, lease).await?.is_none() {
        return Ok(Fenced::Lost);
    }
    let place = (lease.account.0, lease.created);
    change(connection, place, PinState::Queued, PinState::Pinning).await?;
    Ok(Fenced::Done)
}

pub(super) async fn back_off(
    connection: &mut PgConnection,
    lease: PinLease,
    back_off: &BackOff,
) -> Result<Fenced, SharedError> {
    let Some(held) = held(connection, lease).await? else {
        return Ok(Fenced::Lost);
    };
    let end = held.last_block.saturating_add(millis(back_off.give_up));
    if held.now >= end {
        let end = PinEnd::Failed {
            details: back_off.failure.clone(),
        };
        finish(connection, lease, &end).await?;
        return Ok(Fenced::GivenUp);
    }
    let place = (lease.account.0, lease.created);
    sqlx::query(
        "UPDATE cairn.pin_work SET due = $3, epoch = epoch + 1, peer = NULL, details = $4
         WHERE account = $1 AND created = $2",
    )
    .bind(place.0)
    .bind(place.1)
    .bind(end.min(held.now + millis(back_off.delay)))
    .bind(text(&back_off.waits))
    .execute(&mut *connection)
    .await
    .map_err(failed(WRITE))?;
    change(connection, place, PinState::Pinning, PinState::Queued).await?;
    Ok(Fenced::Done)
}

pub(super) async fn finish(
    connection: &mut PgConnection,
    lease: PinLease,
    end: &PinEnd,
) -> Result<Fenced, SharedError> {
    let Some(held) = held(connection, lease).await? else {
        return Ok(Fenced::Lost);
    };
    let (account, created) = (lease.account.0, lease.created);
    let state = match end {
        PinEnd::Pinned {
            dag_size,
            raw_size,
            details,
        } => {
            let fits = sqlx::query(
                "UPDATE cairn.account SET used_bytes = used_bytes + $2
                 WHERE id = $1 AND (max_bytes IS NULL OR used_bytes + $2 <= max_bytes)",
            )
            .bind(account)
            .bind(signed(*dag_size))
            .execute(&mut *connection)
            .await
            .map_err(failed(WRITE))?;
            if fits.rows_affected() == 0 {
                let limit: Option<Option<i64>> =
                    sqlx::query_scalar("SELECT max_bytes FROM cairn.account WHERE id = $1")
                        .bind(account)
                        .fetch_optional(connection)
                        .await
                        .map_err(failed(READ))?;
                return Ok(Fenced::OverQuota {
                    limit: unsigned(limit.flatten().unwrap_or(0))?,
                });
            }
            sqlx::query(
                "UPDATE cairn.pin_request SET status = 2, peer = $3, dag_size = $4, raw_size = $5, details = $6
                 WHERE account = $1 AND created = $2",
            )
            .bind(account)
            .bind(created)
            .bind(&held.peer)
            .bind(signed(*dag_size))
            .bind(raw_size.map(signed))
            .bind(details.as_deref().map(text))
            .execute(&mut *connection)
            .await
            .map_err(failed(WRITE))?;
            PinState::Pinned
        }
        PinEnd::Failed { details } => {
            sqlx::query(
                "UPDATE cairn.pin_request SET status = 3, details = $3 WHERE account = $1 AND created = $2",
            )
            .bind(account)
            .bind(created)
            .bind(text(details))
            .execute(&mut *connection)
            .await
            .map_err(failed(WRITE))?;
            if let Some(peer) = &held.peer {
                add_release(connection, peer, &held.cid).await?;
            }
            PinState::Failed
        }
    };
    sqlx::query("DELETE FROM cairn.pin_work WHERE account = $1 AND created = $2")
        .bind(account)
        .bind(created)
        .execute(&mut *connection)
        .await
        .map_err(failed(WRITE))?;
    count(connection, account, created, held.state, Some(state)).await?;
    if let Some((peer, cid)) = held.keeps {
        add_release(connection, &peer, &cid).await?;
    }
    Ok(Fenced::Done)
}

pub(super) async fn requeue(
    connection: &mut PgConnection,
    peer: &str,
    cid: &[u8],
) -> Result<u64, SharedError> {
    // Accounts in one order, as others may lock several.
    let rows: Vec<(i64, i64)> = sqlx::query_as(
        "SELECT account, created FROM cairn.pin_request WHERE cid = $1 AND peer = $2 AND status = 2
         ORDER BY account, created",
    )
    .bind(cid)
    .bind(peer)
    .fetch_all(&mut *connection)
    .await
    .map_err(failed(READ))?;
    let mut done = 0;
    for (account, created) in rows {
        lock(connection, AccountId(account)).await?;
        let size: Option<Option<i64>> = sqlx::query_scalar(
            "UPDATE cairn.pin_request p SET status = 0, peer = NULL, dag_size = NULL, raw_size = NULL, details = NULL
             FROM cairn.pin_request old
             WHERE p.account = $1 AND p.created = $2 AND p.peer = $3 AND old.account = p.account AND old.created = p.created
             RETURNING old.dag_size",
        )
        .bind(account)
        .bind(created)
        .bind(peer)
        .fetch_optional(&mut *connection)
        .await
        .map_err(failed(WRITE))?;
        let Some(size) = size else { continue };
        sqlx::query(concat!(
            "WITH placed AS (
                 UPDATE cairn.account SET used_bytes = used_bytes - $3,
                     pin_turn = greatest(pin_turn, (SELECT turn FROM cairn.pin_clock)) + 1
                 WHERE id = $1 RETURNING pin_turn
             )
             INSERT INTO cairn.pin_work (account, created, epoch, turn, due, attempts, last_block, blocks, bytes)
             SELECT $1, $2, now, pin_turn, now, 0, now, 0, 0 FROM placed, (SELECT ",
            now!(),
            " AS now) clock"
        ))
        .bind(account)
        .bind(created)
        .bind(size.unwrap_or(0))
        .execute(&mut *connection)
        .await
        .map_err(failed(WRITE))?;
        let (from, to) = (PinState::Pinned, PinState::Queued);
        count(connection, account, created, from, Some(to)).await?;
        done += 1;
    }
    Ok(done)
}
