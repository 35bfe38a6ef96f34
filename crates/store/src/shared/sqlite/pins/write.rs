//! Making, replacing and removing pin requests.

use rusqlite::Connection;

use super::{add_release, clock, now, one, read, write};
use crate::shared::pins::{BUCKETS, EXPIRED_KEYS, KeyColumns, PinColumns, meta_pairs, read_meta};
use crate::shared::{
    AccountId, Inserted, NewPin, PinProgress, PinRequest, PinState, RequestId, SharedError,
};

/// What a removed request had pinned, which its successor keeps: the peer and the CID.
pub(super) type Kept = (String, Vec<u8>);

/// Counts a request that goes from one status to another, that is new, or that is removed.
pub(super) fn count(
    connection: &Connection,
    account: i64,
    created: i64,
    from: Option<PinState>,
    to: Option<PinState>,
) -> Result<(), SharedError> {
    let change = |state| i64::from(to == Some(state)) - i64::from(from == Some(state));
    let [queued, pinning, pinned, failed] = PinState::ALL.map(change);
    for (level, shift) in (0_i64..).zip(BUCKETS) {
        let bucket = created >> shift;
        write(
            connection,
            "INSERT INTO pin_count (account, level, bucket, queued, pinning, pinned, failed)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT DO UPDATE SET queued = queued + excluded.queued, pinning = pinning + excluded.pinning,
                 pinned = pinned + excluded.pinned, failed = failed + excluded.failed",
            (account, level, bucket, queued, pinning, pinned, failed),
        )?;
        if to.is_none() {
            write(
                connection,
                "DELETE FROM pin_count WHERE account = ?1 AND level = ?2 AND bucket = ?3
                 AND queued + pinning + pinned + failed = 0",
                (account, level, bucket),
            )?;
        }
    }
    Ok(())
}

/// The request that an idempotency key names.
fn repeated(
    connection: &Connection,
    account: AccountId,
    key: &KeyColumns,
) -> Result<Option<PinRequest>, SharedError> {
    write(
        connection,
        concat!(
            "DELETE FROM pin_key WHERE (account, key) IN (
                 SELECT account, key FROM pin_key WHERE expires <= ",
            now!(),
            " ORDER BY expires LIMIT ?1)"
        ),
        [EXPIRED_KEYS],
    )?;
    let found = one(
        connection,
        concat!(
            "SELECT created, body FROM pin_key WHERE account = ?1 AND key = ?2 AND expires > ",
            now!()
        ),
        (account.0, &key.key),
        |row| Ok((row.get(0)?, row.get::<_, Vec<u8>>(1)?)),
    )?;
    match found {
        None => Ok(None),
        Some((_, body)) if body != key.body => Err(SharedError::KeyReused),
        Some((created, _)) => read::at(connection, account, created),
    }
}

pub(super) fn insert(
    connection: &Connection,
    new: NewPin,
    columns: &PinColumns,
    kept: Option<Kept>,
) -> Result<Inserted, SharedError> {
    if let Some(key) = &columns.key
        && let Some(found) = repeated(connection, new.account, key)?
    {
        return Ok(Inserted::Repeated(found));
    }
    let now = clock(connection)?;
    let account = columns.account;
    let placed = one(
        connection,
        "UPDATE account SET last_created = max(last_created + 1, ?2), used_pins = used_pins + 1,
             pin_turn = max(pin_turn, (SELECT turn FROM pin_clock)) + 1
         WHERE id = ?1 AND (max_pins IS NULL OR used_pins < max_pins) AND (max_bytes IS NULL OR used_bytes < max_bytes)
         RETURNING last_created, pin_turn",
        (account, now),
        |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)),
    )?;
    let Some((created, turn)) = placed else {
        let full = one(
            connection,
            "SELECT max_pins IS NOT NULL AND used_pins >= max_pins FROM account WHERE id = ?1",
            [account],
            |row| row.get(0),
        )?;
        return Err(match full {
            None => SharedError::Missing { what: "account" },
            Some(true) => SharedError::Quota { what: "pins" },
            Some(false) => SharedError::Quota { what: "bytes" },
        });
    };
    let id = RequestId::of(created, &columns.random)?;
    write(
        connection,
        "INSERT INTO pin_request (account, created, random, cid, cid_text, status, name, origins, meta)
         VALUES (?1, ?2, ?3, ?4, ?5, 0, ?6, ?7, ?8)",
        (
            account,
            created,
            &columns.random,
            &columns.cid,
            &columns.cid_text,
            columns.name.as_ref().map(|name| &name.name),
            &columns.origins,
            &columns.meta,
        ),
    )?;
    if let Some(name) = &columns.name {
        write(
            connection,
            "INSERT INTO pin_name (account, created, name, folded, name_key, fold_key) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            (
                account,
                created,
                &name.name,
                &name.folded,
                &name.name_key,
                &name.fold_key,
            ),
        )?;
    }
    for pair in &columns.pairs {
        write(
            connection,
            "INSERT INTO pin_meta (account, pair, created) VALUES (?1, ?2, ?3)",
            (account, pair, created),
        )?;
    }
    let (keep_peer, keep_cid) = kept.unzip();
    write(
        connection,
        "INSERT INTO pin_work (account, created, epoch, turn, due, attempts, last_block, blocks, bytes, keep_peer, keep_cid)
         VALUES (?1, ?2, 0, ?3, ?4, 0, ?4, 0, 0, ?5, ?6)",
        (account, created, turn, now, keep_peer, keep_cid),
    )?;
    count(connection, account, created, None, Some(PinState::Queued))?;
    if let Some(key) = &columns.key {
        write(
            connection,
            "INSERT OR REPLACE INTO pin_key (account, key, body, created, expires) VALUES (?1, ?2, ?3, ?4, ?5)",
            (account, &key.key, &key.body, created, now + key.lifetime),
        )?;
    }
    Ok(Inserted::New(new.inserted(id)))
}

impl NewPin {
    /// The request as it is made.
    pub(in crate::shared) fn inserted(self, id: RequestId) -> PinRequest {
        PinRequest {
            id,
            cid: self.cid.to_v1(),
            cid_text: self.cid_text,
            name: self.name,
            origins: self.origins,
            meta: self.meta,
            state: PinState::Queued,
            details: None,
            dag_size: None,
            raw_size: None,
            queue: Some(PinProgress {
                attempts: 0,
                next: None,
                blocks: 0,
                bytes: 0,
                details: None,
            }),
        }
    }
}

/// Removes a request, and adds the releases of what it had, but for what it answers: the whole DAG that is pinned for it.
fn remove(
    connection: &Connection,
    account: AccountId,
    id: RequestId,
) -> Result<Option<Option<Kept>>, SharedError> {
    struct Found {
        status: i64,
        peer: Option<String>,
        cid: Vec<u8>,
        dag_size: Option<i64>,
        meta: Option<String>,
        worker: Option<String>,
        keeps: Option<String>,
        kept: Option<Vec<u8>>,
    }
    let found = one(
        connection,
        "SELECT p.status, p.peer, p.cid, p.dag_size, p.meta, w.peer, w.keep_peer, w.keep_cid
         FROM pin_request p LEFT JOIN pin_work w ON w.account = p.account AND w.created = p.created
         WHERE p.account = ?1 AND p.created = ?2 AND p.random = ?3",
        (account.0, id.created(), id.random()),
        |row| {
            Ok(Found {
                status: row.get(0)?,
                peer: row.get(1)?,
                cid: row.get(2)?,
                dag_size: row.get(3)?,
                meta: row.get(4)?,
                worker: row.get(5)?,
                keeps: row.get(6)?,
                kept: row.get(7)?,
            })
        },
    )?;
    let Some(found) = found else {
        return Ok(None);
    };
    let place = (account.0, id.created());
    for pair in meta_pairs(&read_meta(found.meta.as_deref())?) {
        write(
            connection,
            "DELETE FROM pin_meta WHERE account = ?1 AND pair = ?3 AND created = ?2",
            (place.0, place.1, pair),
        )?;
    }
    write(
        connection,
        "DELETE FROM pin_request WHERE account = ?1 AND created = ?2",
        place,
    )?;
    let state = PinState::read(found.status)?;
    count(connection, place.0, place.1, Some(state), None)?;
    write(
        connection,
        "UPDATE account SET used_pins = used_pins - 1, used_bytes = used_bytes - ?2 WHERE id = ?1",
        (account.0, found.dag_size.unwrap_or(0)),
    )?;
    if let Some(worker) = &found.worker {
        add_release(connection, worker, &found.cid)?;
    }
    Ok(Some(match found.peer {
        Some(peer) => Some((peer, found.cid)),
        None => found.keeps.zip(found.kept),
    }))
}

pub(super) fn delete(
    connection: &Connection,
    account: AccountId,
    id: RequestId,
) -> Result<bool, SharedError> {
    match remove(connection, account, id)? {
        None => Ok(false),
        Some(had) => {
            if let Some((peer, cid)) = had {
                add_release(connection, &peer, &cid)?;
            }
            Ok(true)
        }
    }
}

pub(super) fn replace(
    connection: &Connection,
    id: RequestId,
    new: NewPin,
    columns: &PinColumns,
) -> Result<Option<Inserted>, SharedError> {
    if let Some(key) = &columns.key
        && let Some(found) = repeated(connection, new.account, key)?
    {
        return Ok(Some(Inserted::Repeated(found)));
    }
    let Some(kept) = remove(connection, new.account, id)? else {
        return Ok(None);
    };
    insert(connection, new, columns, kept).map(Some)
}

/// Adds the releases of all that an account has pinned, before the account is removed.
pub(in crate::shared::sqlite) fn release_all(
    connection: &Connection,
    account: AccountId,
) -> Result<(), SharedError> {
    for query in [
        "INSERT OR REPLACE INTO release (peer, cid)
         SELECT DISTINCT peer, cid FROM pin_request WHERE account = ?1 AND peer IS NOT NULL",
        "INSERT OR REPLACE INTO release (peer, cid)
         SELECT DISTINCT w.peer, p.cid FROM pin_work w JOIN pin_request p ON p.account = w.account AND p.created = w.created
         WHERE w.account = ?1 AND w.peer IS NOT NULL",
        "INSERT OR REPLACE INTO release (peer, cid)
         SELECT DISTINCT keep_peer, keep_cid FROM pin_work WHERE account = ?1 AND keep_peer IS NOT NULL",
    ] {
        write(connection, query, [account.0])?;
    }
    Ok(())
}
