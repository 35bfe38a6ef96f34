//! Uploads in PostgreSQL.

use std::collections::HashMap;

use cairn_primitives::Cid;
use futures_util::future::BoxFuture;
use sqlx::Row as _;
use sqlx::postgres::{PgConnection, PgRow};

use super::{PostgresRows, again, commit, failed, lock_account, now, releases};
use crate::shared::releases::cid_key as key;
use crate::shared::uploads::{self, Charged, Found, MAX_UPLOAD_PARTS};
use crate::shared::{
    AccountId, Millis, NewUpload, NewUploadPart, PartialUpload, SharedError, Upload, UploadCheck,
    UploadPage, UploadPart, UploadRows, UploadStatus, page_limit,
};

const READ: &str = "read the uploads of";
const WRITE: &str = "write an upload to";

/// The columns that [`read`] reads.
macro_rules! columns {
    () => {
        "id, cid, peer, status, kind, scope, name, files, size, charged, created, updated"
    };
}

/// The end of a statement that adds to the releases: one that was there before counts as new.
macro_rules! released {
    () => {
        " ON CONFLICT (peer, cid) DO UPDATE SET id = nextval('cairn.release_id')"
    };
}

fn column<'r, T>(row: &'r PgRow, index: usize) -> Result<T, SharedError>
where
    T: sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
{
    row.try_get(index).map_err(failed(READ))
}

/// An upload without its parts, and its number.
fn read(row: &PgRow) -> Result<(i64, Upload), SharedError> {
    let upload = Upload {
        cid: uploads::cid(column(row, 1)?)?,
        peer: column(row, 2)?,
        status: uploads::status(column(row, 3)?)?,
        kind: column(row, 4)?,
        scope: column(row, 5)?,
        name: column(row, 6)?,
        files: column(row, 7)?,
        size: uploads::size(column(row, 8)?)?,
        charged: uploads::size(column(row, 9)?)?,
        created: column(row, 10)?,
        updated: column(row, 11)?,
        parts: Vec::new(),
    };
    Ok((column(row, 0)?, upload))
}

/// The uploads of rows, with their parts.
async fn with_parts(
    connection: &mut PgConnection,
    rows: &[PgRow],
) -> Result<Vec<Upload>, SharedError> {
    let mut found = rows.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let ids: Vec<i64> = found.iter().map(|(id, _)| *id).collect();
    let parts = sqlx::query(
        "SELECT upload, cid, bytes FROM cairn.upload_part WHERE upload = ANY($1) ORDER BY id",
    )
    .bind(&ids)
    .fetch_all(connection)
    .await
    .map_err(failed(READ))?;
    let numbered = found.iter().enumerate();
    let places: HashMap<i64, usize> = numbered.map(|(place, (id, _))| (*id, place)).collect();
    for part in &parts {
        let place = places.get(&column(part, 0)?);
        if let Some((_, upload)) = place.and_then(|place| found.get_mut(*place)) {
            upload.parts.push(UploadPart {
                cid: uploads::cid(column(part, 1)?)?,
                bytes: uploads::size(column(part, 2)?)?,
            });
        }
    }
    Ok(found.into_iter().map(|(_, upload)| upload).collect())
}

async fn find(
    connection: &mut PgConnection,
    account: AccountId,
    key: &[u8],
) -> Result<Option<Upload>, SharedError> {
    let rows = sqlx::query(concat!(
        "SELECT ",
        columns!(),
        " FROM cairn.upload WHERE key = $1 AND account = $2"
    ))
    .bind(key)
    .bind(account.0)
    .fetch_all(&mut *connection)
    .await
    .map_err(failed(READ))?;
    Ok(with_parts(connection, &rows).await?.into_iter().next())
}

/// Counts pins and bytes of an account, and checks the quotas of what grows. Returns the creation time for a new row. The
/// account stays locked until the transaction ends, so its uploads change one after the other.
async fn charge(
    connection: &mut PgConnection,
    account: AccountId,
    pins: i64,
    bytes: i64,
) -> Result<Millis, SharedError> {
    let row = sqlx::query(concat!(
        "UPDATE cairn.account SET used_pins = used_pins + $2, used_bytes = used_bytes + $3,
         last_created = CASE WHEN $2 > 0 THEN greatest(last_created + 1, ",
        now!(),
        ") ELSE last_created END
         WHERE id = $1 RETURNING last_created, used_pins, max_pins, used_bytes, max_bytes"
    ))
    .bind(account.0)
    .bind(pins)
    .bind(bytes)
    .fetch_optional(connection)
    .await
    .map_err(failed(WRITE))?
    .ok_or(SharedError::Missing { what: "account" })?;
    let charged = Charged {
        used_pins: column(&row, 1)?,
        max_pins: column(&row, 2)?,
        used_bytes: column(&row, 3)?,
        max_bytes: column(&row, 4)?,
    };
    charged.check(pins, bytes)?;
    column(&row, 0)
}

/// Requests the release of the lists of an upload's parts, which are pinned no longer.
async fn release_lists(connection: &mut PgConnection, upload: i64) -> Result<(), SharedError> {
    sqlx::query(concat!(
        "INSERT INTO cairn.release (peer, cid)
         SELECT DISTINCT peer, list FROM cairn.upload_part WHERE upload = $1 AND list IS NOT NULL
         ORDER BY 1, 2",
        released!()
    ))
    .bind(upload)
    .execute(&mut *connection)
    .await
    .map_err(failed(WRITE))?;
    sqlx::query("UPDATE cairn.upload_part SET list = NULL WHERE upload = $1 AND list IS NOT NULL")
        .bind(upload)
        .execute(connection)
        .await
        .map_err(failed(WRITE))?;
    Ok(())
}

/// Requests the release of all content of an account's uploads, before they are removed with it.
pub(super) async fn release_all(
    connection: &mut PgConnection,
    account: AccountId,
) -> Result<(), SharedError> {
    for query in [
        concat!(
            "INSERT INTO cairn.release (peer, cid)
             SELECT DISTINCT peer, key FROM cairn.upload WHERE account = $1 AND status = 'pinned'
             ORDER BY 1, 2",
            released!()
        ),
        concat!(
            "INSERT INTO cairn.release (peer, cid)
             SELECT DISTINCT part.peer, part.list FROM cairn.upload_part part
             JOIN cairn.upload ON upload.id = part.upload
             WHERE upload.account = $1 AND part.list IS NOT NULL ORDER BY 1, 2",
            released!()
        ),
    ] {
        sqlx::query(query)
            .bind(account.0)
            .execute(&mut *connection)
            .await
            .map_err(failed(WRITE))?;
    }
    Ok(())
}

/// A part that is there: its number, and where its list is pinned.
type KnownPart = (i64, String, Option<Vec<u8>>);

async fn find_part(
    connection: &mut PgConnection,
    upload: i64,
    part: &Cid,
) -> Result<Option<KnownPart>, SharedError> {
    sqlx::query_as("SELECT id, peer, list FROM cairn.upload_part WHERE upload = $1 AND cid = $2")
        .bind(upload)
        .bind(part.to_string())
        .fetch_optional(connection)
        .await
        .map_err(failed(READ))
}

/// Adds a part, or changes the one that is there; its list stays only if it is needed.
async fn put_part(
    connection: &mut PgConnection,
    upload: i64,
    peer: &str,
    new: &NewUploadPart,
    there: Option<KnownPart>,
    keeps_list: bool,
) -> Result<(), SharedError> {
    let list = new.list.as_ref().map(key);
    if let Some(list) = list.as_ref().filter(|_| !keeps_list) {
        releases::add(connection, peer, list).await?;
    }
    let kept = list.filter(|_| keeps_list);
    if let Some((id, old_peer, old)) = there {
        if kept.is_none() || (old_peer == peer && old == kept) {
            return Ok(());
        }
        if let Some(old) = old {
            releases::add(connection, &old_peer, &old).await?;
        }
        sqlx::query("UPDATE cairn.upload_part SET peer = $2, list = $3 WHERE id = $1")
            .bind(id)
            .bind(peer)
            .bind(kept)
            .execute(connection)
            .await
            .map_err(failed(WRITE))?;
        return Ok(());
    }
    let (parts,): (i64,) =
        sqlx::query_as("SELECT count(*) FROM cairn.upload_part WHERE upload = $1")
            .bind(upload)
            .fetch_one(&mut *connection)
            .await
            .map_err(failed(READ))?;
    if usize::try_from(parts).unwrap_or(usize::MAX) >= MAX_UPLOAD_PARTS {
        return Err(SharedError::Range {
            what: "the number of parts",
        });
    }
    sqlx::query(
        "INSERT INTO cairn.upload_part (upload, cid, bytes, peer, list) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(upload)
    .bind(new.part.cid.to_string())
    .bind(uploads::number(new.part.bytes)?)
    .bind(peer)
    .bind(kept)
    .execute(connection)
    .await
    .map_err(failed(WRITE))?;
    Ok(())
}

async fn insert(
    connection: &mut PgConnection,
    new: &NewUpload,
    (size, charged): (i64, i64),
) -> Result<(), SharedError> {
    let created = charge(connection, new.account, 1, charged).await?;
    let (id,): (i64,) = sqlx::query_as(
        "INSERT INTO cairn.upload (account, key, cid, peer, status, kind, scope, name, files, size, charged, created, updated)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12) RETURNING id",
    )
    .bind(new.account.0)
    .bind(key(&new.cid))
    .bind(new.cid.to_string())
    .bind(&new.peer)
    .bind(uploads::status_text(new.status))
    .bind(&new.kind)
    .bind(&new.scope)
    .bind(&new.name)
    .bind(&new.files)
    .bind(size)
    .bind(charged)
    .bind(created)
    .fetch_one(&mut *connection)
    .await
    .map_err(failed(WRITE))?;
    if let Some(part) = &new.part {
        let keeps_list = new.status == UploadStatus::Partial;
        put_part(connection, id, &new.peer, part, None, keeps_list).await?;
    }
    Ok(())
}

async fn update(
    connection: &mut PgConnection,
    new: &NewUpload,
    found: &Found,
    (size, charged): (i64, i64),
) -> Result<(), SharedError> {
    let known = match &new.part {
        Some(part) => find_part(connection, found.id, &part.part.cid).await?,
        None => None,
    };
    let merged = new.merge(found, charged, known.is_some());
    let added = merged.charged.saturating_sub(found.charged);
    charge(connection, new.account, 0, added).await?;
    sqlx::query(concat!(
        "UPDATE cairn.upload SET peer = $2, status = $3, kind = $4, scope = $5, name = $6, files = $7, size = $8,
         charged = $9, updated = greatest(updated, ",
        now!(),
        ") WHERE id = $1"
    ))
    .bind(found.id)
    .bind(&merged.peer)
    .bind(uploads::status_text(merged.status))
    .bind(&new.kind)
    .bind(&new.scope)
    .bind(&new.name)
    .bind(&new.files)
    .bind(size)
    .bind(merged.charged)
    .execute(&mut *connection)
    .await
    .map_err(failed(WRITE))?;
    if let Some(peer) = &merged.released {
        releases::add(connection, peer, &key(&new.cid)).await?;
    }
    if let Some(part) = &new.part {
        put_part(
            connection,
            found.id,
            &new.peer,
            part,
            known,
            merged.keeps_list,
        )
        .await?;
    }
    if !merged.keeps_list {
        release_lists(connection, found.id).await?;
    }
    Ok(())
}

impl UploadRows for PostgresRows {
    fn put_upload(&self, new: NewUpload) -> BoxFuture<'_, Result<Upload, SharedError>> {
        Box::pin(async move {
            let columns = new.columns()?;
            let key = key(&new.cid);
            again(|| async {
                let mut transaction = self.begin(WRITE).await?;
                lock_account(&mut transaction, new.account, WRITE).await?;
                let found = sqlx::query(
                    "SELECT id, peer, status, charged FROM cairn.upload WHERE key = $1 AND account = $2",
                )
                .bind(&key)
                .bind(new.account.0)
                .fetch_optional(&mut *transaction)
                .await
                .map_err(failed(READ))?;
                match found {
                    None => insert(&mut transaction, &new, columns).await?,
                    Some(row) => {
                        let found = Found {
                            id: column(&row, 0)?,
                            peer: column(&row, 1)?,
                            status: uploads::status(column(&row, 2)?)?,
                            charged: column(&row, 3)?,
                        };
                        update(&mut transaction, &new, &found, columns).await?;
                    }
                }
                let upload = find(&mut transaction, new.account, &key)
                    .await?
                    .ok_or(SharedError::Missing { what: "upload" })?;
                commit(transaction, WRITE, upload).await
            })
            .await
        })
    }

    fn upload<'a>(
        &'a self,
        account: AccountId,
        cid: &'a Cid,
    ) -> BoxFuture<'a, Result<Option<Upload>, SharedError>> {
        Box::pin(async move {
            let mut connection = self.pool.acquire().await.map_err(failed(READ))?;
            find(&mut connection, account, &key(cid)).await
        })
    }

    fn uploads(
        &self,
        account: AccountId,
        before: Option<Millis>,
        limit: usize,
    ) -> BoxFuture<'_, Result<UploadPage, SharedError>> {
        Box::pin(async move {
            let before = before.unwrap_or(i64::MAX);
            let mut connection = self.pool.acquire().await.map_err(failed(READ))?;
            let (total,): (i64,) = sqlx::query_as(
                "SELECT count(*) FROM cairn.upload WHERE account = $1 AND created < $2",
            )
            .bind(account.0)
            .bind(before)
            .fetch_one(&mut *connection)
            .await
            .map_err(failed(READ))?;
            let page = sqlx::query(concat!(
                "SELECT ",
                columns!(),
                " FROM cairn.upload WHERE account = $1 AND created < $2 ORDER BY created DESC LIMIT $3"
            ))
            .bind(account.0)
            .bind(before)
            .bind(page_limit(limit))
            .fetch_all(&mut *connection)
            .await
            .map_err(failed(READ))?;
            Ok(UploadPage {
                total: uploads::size(total)?,
                uploads: with_parts(&mut connection, &page).await?,
            })
        })
    }

    fn rename_upload<'a>(
        &'a self,
        account: AccountId,
        cid: &'a Cid,
        name: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Option<Upload>, SharedError>> {
        Box::pin(async move {
            uploads::check_upload_name(name)?;
            let key = key(cid);
            let mut connection = self.pool.acquire().await.map_err(failed(WRITE))?;
            sqlx::query(concat!(
                "UPDATE cairn.upload SET name = $3, updated = greatest(updated, ",
                now!(),
                ") WHERE key = $1 AND account = $2"
            ))
            .bind(&key)
            .bind(account.0)
            .bind(name)
            .execute(&mut *connection)
            .await
            .map_err(failed(WRITE))?;
            find(&mut connection, account, &key).await
        })
    }

    fn remove_upload<'a>(
        &'a self,
        account: AccountId,
        cid: &'a Cid,
    ) -> BoxFuture<'a, Result<bool, SharedError>> {
        Box::pin(async move {
            let key = key(cid);
            again(|| async {
                let mut transaction = self.begin(WRITE).await?;
                lock_account(&mut transaction, account, WRITE).await?;
                let found = sqlx::query(
                    "SELECT id, peer, status, charged FROM cairn.upload WHERE key = $1 AND account = $2",
                )
                .bind(&key)
                .bind(account.0)
                .fetch_optional(&mut *transaction)
                .await
                .map_err(failed(READ))?;
                let Some(row) = found else { return Ok(false) };
                let id: i64 = column(&row, 0)?;
                let charged: i64 = column(&row, 3)?;
                if uploads::status(column(&row, 2)?)? == UploadStatus::Pinned {
                    releases::add(&mut transaction, column(&row, 1)?, &key).await?;
                }
                release_lists(&mut transaction, id).await?;
                charge(&mut transaction, account, -1, charged.saturating_neg()).await?;
                sqlx::query("DELETE FROM cairn.upload WHERE id = $1")
                    .bind(id)
                    .execute(&mut *transaction)
                    .await
                    .map_err(failed(WRITE))?;
                commit(transaction, WRITE, true).await
            })
            .await
        })
    }

    fn check_upload<'a>(
        &'a self,
        cid: &'a Cid,
    ) -> BoxFuture<'a, Result<Option<UploadCheck>, SharedError>> {
        Box::pin(async move {
            let found = sqlx::query(
                "SELECT status, size, created FROM cairn.upload WHERE key = $1
                 ORDER BY (status = 'pinned') DESC, created LIMIT 1",
            )
            .bind(key(cid))
            .fetch_optional(&self.pool)
            .await
            .map_err(failed(READ))?;
            found
                .map(|row| {
                    Ok(UploadCheck {
                        status: uploads::status(column(&row, 0)?)?,
                        size: uploads::size(column(&row, 1)?)?,
                        created: column(&row, 2)?,
                    })
                })
                .transpose()
        })
    }

    fn partial_uploads<'a>(
        &'a self,
        peer: &'a str,
        after: i64,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<PartialUpload>, SharedError>> {
        Box::pin(async move {
            let page = sqlx::query(
                "SELECT id, cid, EXISTS (
                     SELECT 1 FROM cairn.upload_part part WHERE part.upload = upload.id AND part.peer <> $1
                 ) FROM cairn.upload WHERE peer = $1 AND status = 'partial' AND id > $2
                 ORDER BY id LIMIT $3",
            )
            .bind(peer)
            .bind(after)
            .bind(page_limit(limit))
            .fetch_all(&self.pool)
            .await
            .map_err(failed(READ))?;
            page.iter()
                .map(|row| {
                    Ok(PartialUpload {
                        id: column(row, 0)?,
                        cid: uploads::cid(column(row, 1)?)?,
                        is_spread: column(row, 2)?,
                    })
                })
                .collect()
        })
    }

    fn complete_uploads<'a>(
        &'a self,
        peer: &'a str,
        cid: &'a Cid,
        charged: u64,
    ) -> BoxFuture<'a, Result<u64, SharedError>> {
        Box::pin(async move {
            let charged = uploads::number(charged)?;
            again(|| async {
                let mut transaction = self.begin(WRITE).await?;
                // Accounts are locked before their uploads, as everywhere, and in one order.
                let found: Vec<(i64, i64)> = sqlx::query_as(
                    "SELECT upload.id, account.id FROM cairn.upload JOIN cairn.account ON account.id = upload.account
                     WHERE upload.key = $1 AND upload.peer = $2 AND upload.status = 'partial'
                     ORDER BY account.id FOR NO KEY UPDATE OF account",
                )
                .bind(key(cid))
                .bind(peer)
                .fetch_all(&mut *transaction)
                .await
                .map_err(failed(READ))?;
                let mut completed = 0;
                for (id, account) in found {
                    // Again under the lock: another transaction may have completed, moved or removed it.
                    let old: Option<(i64,)> = sqlx::query_as(
                        "SELECT charged FROM cairn.upload WHERE id = $1 AND peer = $2 AND status = 'partial'",
                    )
                    .bind(id)
                    .bind(peer)
                    .fetch_optional(&mut *transaction)
                    .await
                    .map_err(failed(READ))?;
                    let Some((old,)) = old else { continue };
                    sqlx::query("UPDATE cairn.account SET used_bytes = used_bytes + $2 WHERE id = $1")
                        .bind(account)
                        .bind(charged.saturating_sub(old))
                        .execute(&mut *transaction)
                        .await
                        .map_err(failed(WRITE))?;
                    sqlx::query(concat!(
                        "UPDATE cairn.upload SET status = 'pinned', charged = $2, updated = greatest(updated, ",
                        now!(),
                        ") WHERE id = $1"
                    ))
                    .bind(id)
                    .bind(charged)
                    .execute(&mut *transaction)
                    .await
                    .map_err(failed(WRITE))?;
                    release_lists(&mut transaction, id).await?;
                    completed += 1;
                }
                commit(transaction, WRITE, completed).await
            })
            .await
        })
    }

    fn wants_upload<'a>(
        &'a self,
        peer: &'a str,
        cid: &'a Cid,
    ) -> BoxFuture<'a, Result<bool, SharedError>> {
        Box::pin(async move {
            let (wanted,): (bool,) = sqlx::query_as(
                "SELECT EXISTS (SELECT 1 FROM cairn.upload WHERE key = $1 AND peer = $2 AND status = 'pinned')
                 OR EXISTS (SELECT 1 FROM cairn.upload_part WHERE list = $1 AND peer = $2)",
            )
            .bind(key(cid))
            .bind(peer)
            .fetch_one(&self.pool)
            .await
            .map_err(failed(READ))?;
            Ok(wanted)
        })
    }
}
