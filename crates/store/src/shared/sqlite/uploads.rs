//! Uploads in SQLite.

use cairn_primitives::Cid;
use futures_util::future::BoxFuture;
use rusqlite::{Connection, OptionalExtension as _, Params, Row};

use super::accounts::changed;
use super::{SharedSqliteRows, failed, now, releases};
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

fn column<T: rusqlite::types::FromSql>(row: &Row<'_>, index: usize) -> Result<T, SharedError> {
    row.get(index).map_err(failed(READ))
}

/// An upload without its parts, and its number.
fn read(row: &Row<'_>) -> Result<(i64, Upload), SharedError> {
    let upload = Upload {
        cid: uploads::cid(&column::<String>(row, 1)?)?,
        peer: column(row, 2)?,
        status: uploads::status(&column::<String>(row, 3)?)?,
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

fn all<T>(
    connection: &Connection,
    query: &str,
    parameters: impl Params,
    mut read: impl FnMut(&Row<'_>) -> Result<T, SharedError>,
) -> Result<Vec<T>, SharedError> {
    let mut statement = connection.prepare_cached(query).map_err(failed(READ))?;
    let mut rows = statement.query(parameters).map_err(failed(READ))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next().map_err(failed(READ))? {
        found.push(read(row)?);
    }
    Ok(found)
}

fn one<T>(
    connection: &Connection,
    query: &str,
    parameters: impl Params,
    read: impl FnMut(&Row<'_>) -> Result<T, SharedError>,
) -> Result<Option<T>, SharedError> {
    Ok(all(connection, query, parameters, read)?.into_iter().next())
}

fn with_parts(
    connection: &Connection,
    (id, mut upload): (i64, Upload),
) -> Result<Upload, SharedError> {
    upload.parts = all(
        connection,
        "SELECT cid, bytes FROM upload_part WHERE upload = ?1 ORDER BY id",
        [id],
        |row| {
            Ok(UploadPart {
                cid: uploads::cid(&column::<String>(row, 0)?)?,
                bytes: uploads::size(column(row, 1)?)?,
            })
        },
    )?;
    Ok(upload)
}

fn find(
    connection: &Connection,
    account: AccountId,
    key: &[u8],
) -> Result<Option<Upload>, SharedError> {
    let found = one(
        connection,
        concat!(
            "SELECT ",
            columns!(),
            " FROM upload WHERE key = ?1 AND account = ?2"
        ),
        (key, account.0),
        read,
    )?;
    found.map(|row| with_parts(connection, row)).transpose()
}

/// Counts pins and bytes of an account, and checks the quotas of what grows. Returns the creation time for a new row.
fn charge(
    connection: &Connection,
    account: AccountId,
    pins: i64,
    bytes: i64,
) -> Result<Millis, SharedError> {
    let charged = connection
        .prepare_cached(concat!(
            "UPDATE account SET used_pins = used_pins + ?2, used_bytes = used_bytes + ?3,
             last_created = CASE WHEN ?2 > 0 THEN max(last_created + 1, ",
            now!(),
            ") ELSE last_created END
             WHERE id = ?1 RETURNING last_created, used_pins, max_pins, used_bytes, max_bytes"
        ))
        .and_then(|mut statement| {
            statement
                .query_row((account.0, pins, bytes), |row| {
                    let charged = Charged {
                        used_pins: row.get(1)?,
                        max_pins: row.get(2)?,
                        used_bytes: row.get(3)?,
                        max_bytes: row.get(4)?,
                    };
                    Ok((row.get(0)?, charged))
                })
                .optional()
        })
        .map_err(failed(WRITE))?;
    let (created, charged) = charged.ok_or(SharedError::Missing { what: "account" })?;
    charged.check(pins, bytes)?;
    Ok(created)
}

/// Requests the release of the lists of an upload's parts, which are pinned no longer.
fn release_lists(connection: &Connection, upload: i64) -> Result<(), SharedError> {
    changed(
        connection,
        "INSERT OR REPLACE INTO release (peer, cid)
         SELECT peer, list FROM upload_part WHERE upload = ?1 AND list IS NOT NULL",
        [upload],
        WRITE,
    )?;
    changed(
        connection,
        "UPDATE upload_part SET list = NULL WHERE upload = ?1 AND list IS NOT NULL",
        [upload],
        WRITE,
    )?;
    Ok(())
}

/// Requests the release of all content of an account's uploads, before they are removed with it.
pub(super) fn release_all(connection: &Connection, account: AccountId) -> Result<(), SharedError> {
    for query in [
        "INSERT OR REPLACE INTO release (peer, cid)
         SELECT peer, key FROM upload WHERE account = ?1 AND status = 'pinned'",
        "INSERT OR REPLACE INTO release (peer, cid)
         SELECT part.peer, part.list FROM upload_part part JOIN upload ON upload.id = part.upload
         WHERE upload.account = ?1 AND part.list IS NOT NULL",
    ] {
        changed(connection, query, [account.0], WRITE)?;
    }
    Ok(())
}

/// A part that is there: its number, and where its list is pinned.
type KnownPart = (i64, String, Option<Vec<u8>>);

fn find_part(
    connection: &Connection,
    upload: i64,
    part: &Cid,
) -> Result<Option<KnownPart>, SharedError> {
    one(
        connection,
        "SELECT id, peer, list FROM upload_part WHERE upload = ?1 AND cid = ?2",
        (upload, part.to_string()),
        |row| Ok((column(row, 0)?, column(row, 1)?, column(row, 2)?)),
    )
}

/// Adds a part, or changes the one that is there; its list stays only if it is needed.
fn put_part(
    connection: &Connection,
    upload: i64,
    peer: &str,
    new: &NewUploadPart,
    there: Option<KnownPart>,
    keeps_list: bool,
) -> Result<(), SharedError> {
    let list = new.list.as_ref().map(key);
    if let Some(list) = list.as_ref().filter(|_| !keeps_list) {
        releases::add(connection, peer, list)?;
    }
    let kept = list.filter(|_| keeps_list);
    match there {
        Some((id, old_peer, old)) => {
            if kept.is_none() || (old_peer == peer && old == kept) {
                return Ok(());
            }
            if let Some(old) = old {
                releases::add(connection, &old_peer, &old)?;
            }
            changed(
                connection,
                "UPDATE upload_part SET peer = ?2, list = ?3 WHERE id = ?1",
                (id, peer, kept),
                WRITE,
            )?;
        }
        None => {
            let parts = one(
                connection,
                "SELECT count(*) FROM upload_part WHERE upload = ?1",
                [upload],
                |row| uploads::size(column(row, 0)?),
            )?;
            if parts.unwrap_or_default() >= MAX_UPLOAD_PARTS as u64 {
                return Err(SharedError::Range {
                    what: "the number of parts",
                });
            }
            changed(
                connection,
                "INSERT INTO upload_part (upload, cid, bytes, peer, list) VALUES (?1, ?2, ?3, ?4, ?5)",
                (
                    upload,
                    new.part.cid.to_string(),
                    uploads::number(new.part.bytes)?,
                    peer,
                    kept,
                ),
                WRITE,
            )?;
        }
    }
    Ok(())
}

fn insert(
    connection: &Connection,
    new: &NewUpload,
    (size, charged): (i64, i64),
) -> Result<(), SharedError> {
    let created = charge(connection, new.account, 1, charged)?;
    changed(
        connection,
        "INSERT INTO upload (account, key, cid, peer, status, kind, scope, name, files, size, charged, created, updated)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?12)",
        (
            new.account.0,
            key(&new.cid),
            new.cid.to_string(),
            &new.peer,
            uploads::status_text(new.status),
            &new.kind,
            &new.scope,
            &new.name,
            &new.files,
            size,
            charged,
            created,
        ),
        WRITE,
    )?;
    if let Some(part) = &new.part {
        let keeps_list = new.status == UploadStatus::Partial;
        let id = connection.last_insert_rowid();
        put_part(connection, id, &new.peer, part, None, keeps_list)?;
    }
    Ok(())
}

fn update(
    connection: &Connection,
    new: &NewUpload,
    found: &Found,
    (size, charged): (i64, i64),
) -> Result<(), SharedError> {
    let known = match &new.part {
        Some(part) => find_part(connection, found.id, &part.part.cid)?,
        None => None,
    };
    let merged = new.merge(found, charged, known.is_some());
    charge(
        connection,
        new.account,
        0,
        merged.charged.saturating_sub(found.charged),
    )?;
    changed(
        connection,
        concat!(
            "UPDATE upload SET peer = ?2, status = ?3, kind = ?4, scope = ?5, name = ?6, files = ?7, size = ?8,
             charged = ?9, updated = max(updated, ",
            now!(),
            ") WHERE id = ?1"
        ),
        (
            found.id,
            &merged.peer,
            uploads::status_text(merged.status),
            &new.kind,
            &new.scope,
            &new.name,
            &new.files,
            size,
            merged.charged,
        ),
        WRITE,
    )?;
    if let Some(peer) = &merged.released {
        releases::add(connection, peer, &key(&new.cid))?;
    }
    if let Some(part) = &new.part {
        put_part(
            connection,
            found.id,
            &new.peer,
            part,
            known,
            merged.keeps_list,
        )?;
    }
    if !merged.keeps_list {
        release_lists(connection, found.id)?;
    }
    Ok(())
}

impl UploadRows for SharedSqliteRows {
    fn put_upload(&self, new: NewUpload) -> BoxFuture<'_, Result<Upload, SharedError>> {
        Box::pin(async move {
            let columns = new.columns()?;
            self.writer
                .write(move |connection| {
                    let key = key(&new.cid);
                    let found = one(
                        connection,
                        "SELECT id, peer, status, charged FROM upload WHERE key = ?1 AND account = ?2",
                        (&key, new.account.0),
                        |row| {
                            Ok(Found {
                                id: column(row, 0)?,
                                peer: column(row, 1)?,
                                status: uploads::status(&column::<String>(row, 2)?)?,
                                charged: column(row, 3)?,
                            })
                        },
                    )?;
                    match &found {
                        None => insert(connection, &new, columns)?,
                        Some(found) => update(connection, &new, found, columns)?,
                    }
                    find(connection, new.account, &key)?.ok_or(SharedError::Missing { what: "upload" })
                })
                .await
        })
    }

    fn upload<'a>(
        &'a self,
        account: AccountId,
        cid: &'a Cid,
    ) -> BoxFuture<'a, Result<Option<Upload>, SharedError>> {
        let key = key(cid);
        Box::pin(self.read(move |connection| find(connection, account, &key)))
    }

    fn uploads(
        &self,
        account: AccountId,
        before: Option<Millis>,
        limit: usize,
    ) -> BoxFuture<'_, Result<UploadPage, SharedError>> {
        Box::pin(self.read(move |connection| {
            let before = before.unwrap_or(i64::MAX);
            // One transaction, so that the number fits the page.
            let transaction = connection.unchecked_transaction().map_err(failed(READ))?;
            let total = one(
                &transaction,
                "SELECT count(*) FROM upload WHERE account = ?1 AND created < ?2",
                (account.0, before),
                |row| uploads::size(column(row, 0)?),
            )?;
            let page = all(
                &transaction,
                concat!(
                    "SELECT ",
                    columns!(),
                    " FROM upload WHERE account = ?1 AND created < ?2 ORDER BY created DESC LIMIT ?3"
                ),
                (account.0, before, page_limit(limit)),
                read,
            )?;
            let uploads = page.into_iter().map(|row| with_parts(&transaction, row));
            Ok(UploadPage {
                total: total.unwrap_or_default(),
                uploads: uploads.collect::<Result<_, _>>()?,
            })
        }))
    }

    fn rename_upload<'a>(
        &'a self,
        account: AccountId,
        cid: &'a Cid,
        name: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Option<Upload>, SharedError>> {
        let name = name.map(str::to_owned);
        let key = key(cid);
        Box::pin(async move {
            uploads::check_upload_name(name.as_deref())?;
            self.writer
                .write(move |connection| {
                    changed(
                        connection,
                        concat!(
                            "UPDATE upload SET name = ?3, updated = max(updated, ",
                            now!(),
                            ") WHERE key = ?1 AND account = ?2"
                        ),
                        (&key, account.0, name),
                        WRITE,
                    )?;
                    find(connection, account, &key)
                })
                .await
        })
    }

    fn remove_upload<'a>(
        &'a self,
        account: AccountId,
        cid: &'a Cid,
    ) -> BoxFuture<'a, Result<bool, SharedError>> {
        let key = key(cid);
        Box::pin(self.writer.write(move |connection| {
            let found: Option<(i64, String, String, i64)> = one(
                connection,
                "SELECT id, peer, status, charged FROM upload WHERE key = ?1 AND account = ?2",
                (&key, account.0),
                |row| {
                    Ok((
                        column(row, 0)?,
                        column(row, 1)?,
                        column(row, 2)?,
                        column(row, 3)?,
                    ))
                },
            )?;
            let Some((id, peer, status, charged)) = found else {
                return Ok(false);
            };
            if uploads::status(&status)? == UploadStatus::Pinned {
                releases::add(connection, &peer, &key)?;
            }
            release_lists(connection, id)?;
            charge(connection, account, -1, charged.saturating_neg())?;
            changed(connection, "DELETE FROM upload WHERE id = ?1", [id], WRITE)
        }))
    }

    fn check_upload<'a>(
        &'a self,
        cid: &'a Cid,
    ) -> BoxFuture<'a, Result<Option<UploadCheck>, SharedError>> {
        let key = key(cid);
        Box::pin(self.read(move |connection| {
            one(
                connection,
                "SELECT status, size, created FROM upload WHERE key = ?1
                 ORDER BY status = 'pinned' DESC, created LIMIT 1",
                [key],
                |row| {
                    Ok(UploadCheck {
                        status: uploads::status(&column::<String>(row, 0)?)?,
                        size: uploads::size(column(row, 1)?)?,
                        created: column(row, 2)?,
                    })
                },
            )
        }))
    }

    fn partial_uploads<'a>(
        &'a self,
        peer: &'a str,
        after: i64,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<PartialUpload>, SharedError>> {
        let peer = peer.to_owned();
        Box::pin(self.read(move |connection| {
            all(
                connection,
                "SELECT id, cid, EXISTS (SELECT 1 FROM upload_part part WHERE part.upload = upload.id AND part.peer <> ?1)
                 FROM upload WHERE peer = ?1 AND status = 'partial' AND id > ?2 ORDER BY id LIMIT ?3",
                (peer, after, page_limit(limit)),
                |row| {
                    Ok(PartialUpload {
                        id: column(row, 0)?,
                        cid: uploads::cid(&column::<String>(row, 1)?)?,
                        is_spread: column(row, 2)?,
                    })
                },
            )
        }))
    }

    fn complete_uploads<'a>(
        &'a self,
        peer: &'a str,
        cid: &'a Cid,
        charged: u64,
    ) -> BoxFuture<'a, Result<u64, SharedError>> {
        let peer = peer.to_owned();
        let key = key(cid);
        Box::pin(async move {
            let charged = uploads::number(charged)?;
            self.writer
                .write(move |connection| {
                    let found: Vec<(i64, i64)> = all(
                        connection,
                        "SELECT id, account FROM upload WHERE key = ?1 AND peer = ?2 AND status = 'partial'",
                        (&key, &peer),
                        |row| Ok((column(row, 0)?, column(row, 1)?)),
                    )?;
                    for (id, account) in &found {
                        changed(
                            connection,
                            "UPDATE account SET used_bytes = used_bytes + ?2 - (SELECT charged FROM upload WHERE id = ?3)
                             WHERE id = ?1",
                            (account, charged, id),
                            WRITE,
                        )?;
                        changed(
                            connection,
                            concat!(
                                "UPDATE upload SET status = 'pinned', charged = ?2, updated = max(updated, ",
                                now!(),
                                ") WHERE id = ?1"
                            ),
                            (id, charged),
                            WRITE,
                        )?;
                        release_lists(connection, *id)?;
                    }
                    Ok(found.len() as u64)
                })
                .await
        })
    }

    fn wants_upload<'a>(
        &'a self,
        peer: &'a str,
        cid: &'a Cid,
    ) -> BoxFuture<'a, Result<bool, SharedError>> {
        let peer = peer.to_owned();
        let key = key(cid);
        Box::pin(self.read(move |connection| {
            let wanted = one(
                connection,
                "SELECT EXISTS (SELECT 1 FROM upload WHERE key = ?1 AND peer = ?2 AND status = 'pinned')
                 OR EXISTS (SELECT 1 FROM upload_part WHERE list = ?1 AND peer = ?2)",
                (key, peer),
                |row| column(row, 0),
            )?;
            Ok(wanted.unwrap_or_default())
        }))
    }
}
