//! Making, replacing and removing pin requests.

use sqlx::PgConnection;

use super::{READ, WRITE, add_release, failed, lock, now, read};
use crate::shared::pins::{BUCKETS, EXPIRED_KEYS, KeyColumns, PinColumns, meta_pairs, read_meta};
use crate::shared::{AccountId, Inserted, NewPin, PinRequest, PinState, RequestId, SharedError};

/// What a removed request had pinned, which its successor keeps: the peer and the CID.
pub(super) type Kept = (String, Vec<u8>);

/// What the queue knows of a request: who works on it, and what a replaced one had pinned where.
type Work = (Option<String>, Option<String>, Option<Vec<u8>>);

/// Counts a request that goes from one status to another, or that is removed. The longest intervals first, always: two
/// transactions that change the same ones then wait for each other, and not in a circle.
pub(super) async fn count(
    connection: &mut PgConnection,
    account: i64,
    created: i64,
    from: PinState,
    to: Option<PinState>,
) -> Result<(), SharedError> {
    let change = |state| i64::from(to == Some(state)) - i64::from(from == state);
    let [queued, pinning, pinned, given_up] = PinState::ALL.map(change);
    for (level, shift) in (0_i64..).zip(BUCKETS).collect::<Vec<_>>().into_iter().rev() {
        let bucket = created >> shift;
        sqlx::query(
            "INSERT INTO cairn.pin_count AS c (account, level, bucket, queued, pinning, pinned, failed)
             VALUES ($1, $2, $3, $4, $5, $6, $7)
             ON CONFLICT (account, level, bucket) DO UPDATE SET queued = c.queued + excluded.queued,
                 pinning = c.pinning + excluded.pinning, pinned = c.pinned + excluded.pinned,
                 failed = c.failed + excluded.failed",
        )
        .bind(account)
        .bind(level)
        .bind(bucket)
        .bind(queued)
        .bind(pinning)
        .bind(pinned)
        .bind(given_up)
        .execute(&mut *connection)
        .await
        .map_err(failed(WRITE))?;
        if to.is_none() {
            sqlx::query(
                "DELETE FROM cairn.pin_count WHERE account = $1 AND level = $2 AND bucket = $3
                 AND queued + pinning + pinned + failed = 0",
            )
            .bind(account)
            .bind(level)
            .bind(bucket)
            .execute(&mut *connection)
            .await
            .map_err(failed(WRITE))?;
        }
    }
    Ok(())
}

/// The request that an idempotency key names. The account is locked.
async fn repeated(
    connection: &mut PgConnection,
    account: AccountId,
    key: &KeyColumns,
) -> Result<Option<PinRequest>, SharedError> {
    sqlx::query(concat!(
        "DELETE FROM cairn.pin_key WHERE (account, key) IN (
             SELECT account, key FROM cairn.pin_key WHERE expires <= ",
        now!(),
        " ORDER BY expires LIMIT $1 FOR UPDATE SKIP LOCKED)"
    ))
    .bind(EXPIRED_KEYS)
    .execute(&mut *connection)
    .await
    .map_err(failed(WRITE))?;
    let found: Option<(i64, Vec<u8>)> = sqlx::query_as(concat!(
        "SELECT created, body FROM cairn.pin_key WHERE account = $1 AND key = $2 AND expires > ",
        now!()
    ))
    .bind(account.0)
    .bind(&key.key)
    .fetch_optional(&mut *connection)
    .await
    .map_err(failed(READ))?;
    match found {
        None => Ok(None),
        Some((_, body)) if body != key.body => Err(SharedError::KeyReused),
        Some((created, _)) => Ok(read::at(connection, account, &[created]).await?.pop()),
    }
}

/// All rows of a new request in one statement: the account's row is locked for as short as can be.
const INSERT: &str = concat!(
    "WITH placed AS (
         UPDATE cairn.account SET last_created = greatest(last_created + 1, ",
    now!(),
    "), used_pins = used_pins + 1, pin_turn = greatest(pin_turn, (SELECT turn FROM cairn.pin_clock)) + 1
         WHERE id = $1 AND (max_pins IS NULL OR used_pins < max_pins) AND (max_bytes IS NULL OR used_bytes < max_bytes)
         RETURNING last_created AS created, pin_turn AS turn
     ), request AS (
         INSERT INTO cairn.pin_request (account, created, random, cid, cid_text, status, name, origins, meta)
         SELECT $1, created, $2, $3, $4, 0, $5, $6, $7 FROM placed
     ), name AS (
         INSERT INTO cairn.pin_name (account, created, name, folded, name_key, fold_key)
         SELECT $1, created, $5, $8, $9, $10 FROM placed WHERE $5 IS NOT NULL
     ), meta AS (
         INSERT INTO cairn.pin_meta (account, pair, created)
         SELECT $1, pair, created FROM placed, unnest($11::bytea[]) pair
     ), work AS (
         INSERT INTO cairn.pin_work
             (account, created, epoch, turn, due, attempts, last_block, blocks, bytes, keep_peer, keep_cid)
         SELECT $1, created, 0, turn, ",
    now!(),
    ", 0, ",
    now!(),
    ", 0, 0, $12, $13 FROM placed
     ), counts AS (
         INSERT INTO cairn.pin_count AS c (account, level, bucket, queued, pinning, pinned, failed)
         SELECT $1, level, created >> shift, 1, 0, 0, 0
         FROM placed, unnest($14::bigint[], $15::int[]) AS b (level, shift) ORDER BY level DESC
         ON CONFLICT (account, level, bucket) DO UPDATE SET queued = c.queued + 1
     ), key AS (
         INSERT INTO cairn.pin_key (account, key, body, created, expires)
         SELECT $1, $16, $17, created, $18 + ",
    now!(),
    " FROM placed WHERE $16 IS NOT NULL
         ON CONFLICT (account, key) DO UPDATE SET body = excluded.body, created = excluded.created, expires = excluded.expires
     )
     SELECT created FROM placed"
);

pub(super) async fn insert(
    connection: &mut PgConnection,
    new: &NewPin,
    columns: &PinColumns,
    kept: Option<Kept>,
) -> Result<Inserted, SharedError> {
    if let Some(key) = &columns.key {
        lock(connection, new.account).await?;
        if let Some(found) = repeated(connection, new.account, key).await? {
            return Ok(Inserted::Repeated(found));
        }
    }
    let (keep_peer, keep_cid) = kept.unzip();
    let name = columns.name.as_ref();
    let key = columns.key.as_ref();
    let levels: Vec<i64> = (0..).take(BUCKETS.len()).collect();
    let shifts: Vec<i32> = BUCKETS
        .iter()
        .map(|shift| i32::try_from(*shift).unwrap_or(0))
        .collect();
    let created: Option<i64> = sqlx::query_scalar(INSERT)
        .bind(columns.account)
        .bind(&columns.random)
        .bind(&columns.cid)
        .bind(&columns.cid_text)
        .bind(name.map(|name| &name.name))
        .bind(&columns.origins)
        .bind(&columns.meta)
        .bind(name.map(|name| &name.folded))
        .bind(name.map(|name| &name.name_key))
        .bind(name.map(|name| &name.fold_key))
        .bind(&columns.pairs)
        .bind(keep_peer)
        .bind(keep_cid)
        .bind(levels)
        .bind(shifts)
        .bind(key.map(|key| &key.key))
        .bind(key.map(|key| &key.body))
        .bind(key.map(|key| key.lifetime))
        .fetch_optional(&mut *connection)
        .await
        .map_err(failed(WRITE))?;
    if let Some(created) = created {
        let id = RequestId::of(created, &columns.random)?;
        return Ok(Inserted::New(new.clone().inserted(id)));
    }
    let full: Option<bool> = sqlx::query_scalar(
        "SELECT max_pins IS NOT NULL AND used_pins >= max_pins FROM cairn.account WHERE id = $1",
    )
    .bind(columns.account)
    .fetch_optional(connection)
    .await
    .map_err(failed(READ))?;
    Err(match full {
        None => SharedError::Missing { what: "account" },
        Some(true) => SharedError::Quota { what: "pins" },
        Some(false) => SharedError::Quota { what: "bytes" },
    })
}

/// Removes a request of a locked account, and adds the releases of what it had, but for what it answers: the whole DAG that
/// is pinned for it.
async fn remove(
    connection: &mut PgConnection,
    account: AccountId,
    id: RequestId,
) -> Result<Option<Option<Kept>>, SharedError> {
    type Found = (Option<String>, Vec<u8>, Option<i64>, Option<String>);
    let found: Option<Found> = sqlx::query_as(
        "SELECT peer, cid, dag_size, meta FROM cairn.pin_request WHERE account = $1 AND created = $2 AND random = $3",
    )
    .bind(account.0)
    .bind(id.created())
    .bind(id.random())
    .fetch_optional(&mut *connection)
    .await
    .map_err(failed(READ))?;
    let Some((peer, cid, dag_size, meta)) = found else {
        return Ok(None);
    };
    // A worker may lease the request now: its row says who did in the end.
    let work: Option<Work> = sqlx::query_as(
        "DELETE FROM cairn.pin_work WHERE account = $1 AND created = $2 RETURNING peer, keep_peer, keep_cid",
    )
    .bind(account.0)
    .bind(id.created())
    .fetch_optional(&mut *connection)
    .await
    .map_err(failed(WRITE))?;
    sqlx::query(
        "DELETE FROM cairn.pin_meta WHERE account = $1 AND created = $2 AND pair = ANY($3)",
    )
    .bind(account.0)
    .bind(id.created())
    .bind(meta_pairs(&read_meta(meta.as_deref())?))
    .execute(&mut *connection)
    .await
    .map_err(failed(WRITE))?;
    let status: i64 = sqlx::query_scalar(
        "DELETE FROM cairn.pin_request WHERE account = $1 AND created = $2 RETURNING status",
    )
    .bind(account.0)
    .bind(id.created())
    .fetch_one(&mut *connection)
    .await
    .map_err(failed(WRITE))?;
    let state = PinState::read(status)?;
    count(connection, account.0, id.created(), state, None).await?;
    sqlx::query(
        "UPDATE cairn.account SET used_pins = used_pins - 1, used_bytes = used_bytes - $2 WHERE id = $1",
    )
    .bind(account.0)
    .bind(dag_size.unwrap_or(0))
    .execute(&mut *connection)
    .await
    .map_err(failed(WRITE))?;
    let (worker, keeps, kept) = work.unwrap_or_default();
    if let Some(worker) = &worker {
        add_release(connection, worker, &cid).await?;
    }
    Ok(Some(match peer {
        Some(peer) => Some((peer, cid)),
        None => keeps.zip(kept),
    }))
}

pub(super) async fn delete(
    connection: &mut PgConnection,
    account: AccountId,
    id: RequestId,
) -> Result<bool, SharedError> {
    lock(connection, account).await?;
    match remove(connection, account, id).await? {
        None => Ok(false),
        Some(had) => {
            if let Some((peer, cid)) = had {
                add_release(connection, &peer, &cid).await?;
            }
            Ok(true)
        }
    }
}

pub(super) async fn replace(
    connection: &mut PgConnection,
    id: RequestId,
    new: &NewPin,
    columns: &PinColumns,
) -> Result<Option<Inserted>, SharedError> {
    lock(connection, new.account).await?;
    if let Some(key) = &columns.key
        && let Some(found) = repeated(connection, new.account, key).await?
    {
        return Ok(Some(Inserted::Repeated(found)));
    }
    let Some(kept) = remove(connection, new.account, id).await? else {
        return Ok(None);
    };
    insert(connection, new, columns, kept).await.map(Some)
}

/// Adds the releases of all that an account has pinned, before the account is removed. In one order, as others may add the
/// same ones.
pub(in crate::shared::postgres) async fn release_all(
    connection: &mut PgConnection,
    account: AccountId,
) -> Result<(), SharedError> {
    lock(connection, account).await?;
    sqlx::query(
        "INSERT INTO cairn.release (peer, cid)
         SELECT peer, cid FROM cairn.pin_request WHERE account = $1 AND peer IS NOT NULL
         UNION SELECT w.peer, p.cid FROM cairn.pin_work w
             JOIN cairn.pin_request p ON p.account = w.account AND p.created = w.created
             WHERE w.account = $1 AND w.peer IS NOT NULL
         UNION SELECT keep_peer, keep_cid FROM cairn.pin_work WHERE account = $1 AND keep_peer IS NOT NULL
         ORDER BY 1, 2
         ON CONFLICT (peer, cid) DO UPDATE SET id = nextval('cairn.release_id')",
    )
    .bind(account.0)
    .execute(connection)
    .await
    .map(drop)
    .map_err(failed(WRITE))
}
