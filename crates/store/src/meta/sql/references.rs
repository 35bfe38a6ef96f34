//! References in SQLite.

use std::sync::Arc;

use cairn_primitives::Multihash;
use futures_util::future::BoxFuture;
use rusqlite::{Connection, OptionalExtension as _, Params, Row};

use super::writer::Change;
use super::{SqliteRows, database};
use crate::meta::{Reference, ReferenceChange, ReferenceOrder, ReferenceRows, RowError};

impl ReferenceRows for SqliteRows {
    fn references(&self, keys: &[Multihash]) -> Result<Vec<Option<Reference>>, RowError> {
        let connection = self.readers.take()?;
        if !self.has_references {
            return Ok(vec![None; keys.len()]);
        }
        find(&connection, keys)
    }

    fn reference_page(
        &self,
        order: ReferenceOrder,
        after: Option<&Reference>,
        limit: usize,
    ) -> Result<Vec<Reference>, RowError> {
        let connection = self.readers.take()?;
        if !self.has_references {
            return Ok(Vec::new());
        }
        match order {
            ReferenceOrder::Key => by_key(&connection, after, limit),
            ReferenceOrder::Place => by_place(&connection, after, limit),
        }
    }

    fn reference_count(&self) -> Result<u64, RowError> {
        let connection = self.readers.take()?;
        if !self.has_references {
            return Ok(0);
        }
        number(&connection, "SELECT count(*) FROM reference")
    }

    fn last_reference(&self) -> Result<u64, RowError> {
        let connection = self.readers.take()?;
        if !self.has_references {
            return Ok(0);
        }
        number(&connection, "SELECT coalesce(max(id), 0) FROM reference")
    }

    fn change_references(
        &self,
        changes: Vec<ReferenceChange>,
    ) -> BoxFuture<'_, Result<(), RowError>> {
        Box::pin(async move {
            let writer = self.writer()?;
            if changes.is_empty() {
                return writer.check_open();
            }
            writer
                .apply(changes.into_iter().map(Change::Reference).collect())
                .await
        })
    }
}

/// The columns that [`read`] reads.
macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT reference.id, key, path, start, size ", $rest)
    };
}

/// The references of some blocks.
fn find(connection: &Connection, keys: &[Multihash]) -> Result<Vec<Option<Reference>>, RowError> {
    let mut statement = connection
        .prepare_cached(select!(
            "FROM reference JOIN source ON source.id = reference.source WHERE key = ?1"
        ))
        .map_err(database("read"))?;
    // One transaction for all: without it each look-up takes and frees the locks of the file.
    let transaction = connection
        .unchecked_transaction()
        .map_err(database("read"))?;
    let mut found = Vec::with_capacity(keys.len());
    for key in keys {
        let mut rows = statement
            .query([key.as_bytes()])
            .map_err(database("read"))?;
        let row = rows.next().map_err(database("read"))?;
        found.push(row.map(read).transpose()?);
    }
    transaction.finish().map_err(database("read"))?;
    Ok(found)
}

/// Up to `limit` references behind one, by multihash.
fn by_key(
    connection: &Connection,
    after: Option<&Reference>,
    limit: usize,
) -> Result<Vec<Reference>, RowError> {
    let mut page = Vec::new();
    let after = after.map_or(&[][..], |last| last.key.as_bytes());
    gather(
        connection,
        select!(
            "FROM reference JOIN source ON source.id = reference.source
             WHERE key > ?1 ORDER BY key LIMIT ?2"
        ),
        (after, count(limit)),
        &mut page,
    )?;
    Ok(page)
}

/// Up to `limit` references behind one, by path, offset and multihash: the rest of its file, then the files after it.
fn by_place(
    connection: &Connection,
    after: Option<&Reference>,
    limit: usize,
) -> Result<Vec<Reference>, RowError> {
    let mut page = Vec::new();
    if let Some(last) = after {
        gather(
            connection,
            select!(
                "FROM source JOIN reference ON reference.source = source.id
                 WHERE path = ?1 AND (start, key) > (?2, ?3) ORDER BY start, key LIMIT ?4"
            ),
            (
                &*last.path,
                last.offset.cast_signed(),
                last.key.as_bytes(),
                count(limit),
            ),
            &mut page,
        )?;
    }
    // The cross join keeps SQLite from beginning with the references, all of which it would then sort.
    gather(
        connection,
        select!(
            "FROM source CROSS JOIN reference ON reference.source = source.id
             WHERE path > ?1 ORDER BY path, start, key LIMIT ?2"
        ),
        (
            // No path is empty.
            after.map_or("", |last| &*last.path),
            count(limit.saturating_sub(page.len())),
        ),
        &mut page,
    )?;
    Ok(page)
}

/// The number that a query answers.
pub(super) fn number(connection: &Connection, query: &str) -> Result<u64, RowError> {
    let number: i64 = connection
        .prepare_cached(query)
        .and_then(|mut statement| statement.query_row([], |row| row.get(0)))
        .map_err(database("read"))?;
    Ok(number.unsigned_abs())
}

fn count(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

fn gather(
    connection: &Connection,
    query: &str,
    parameters: impl Params,
    page: &mut Vec<Reference>,
) -> Result<(), RowError> {
    let mut statement = connection.prepare_cached(query).map_err(database("read"))?;
    let mut rows = statement.query(parameters).map_err(database("read"))?;
    while let Some(row) = rows.next().map_err(database("read"))? {
        let mut reference = read(row)?;
        // A file has many: they share its path.
        if let Some(last) = page.last().filter(|last| last.path == reference.path) {
            reference.path = Arc::clone(&last.path);
        }
        page.push(reference);
    }
    Ok(())
}

fn damaged(what: &str) -> RowError {
    RowError::Damaged {
        what: format!("the {what} of a reference cannot be read"),
    }
}

/// Reads a reference of the columns `id, key, path, start, size`.
fn read(row: &Row<'_>) -> Result<Reference, RowError> {
    let path = row.get_ref(2).map_err(database("read"))?;
    let path = path.as_str().map_err(|_| damaged("path"))?;
    of_row(row, path.into())
}

/// Reads a reference of the columns `id, key, _, start, size`, to this path.
pub(super) fn of_row(row: &Row<'_>, path: Arc<str>) -> Result<Reference, RowError> {
    let column = |index| row.get_ref(index).map_err(database("read"));
    let number = |index, what| {
        let number = column(index)?.as_i64().map_err(|_| damaged(what))?;
        u64::try_from(number).map_err(|_| damaged(what))
    };
    let key = column(1)?.as_blob().map_err(|_| damaged("multihash"))?;
    Ok(Reference {
        id: number(0, "id")?,
        key: Multihash::from_bytes(key).map_err(|_| damaged("multihash"))?,
        path,
        offset: number(3, "offset")?,
        size: u32::try_from(number(4, "size")?).map_err(|_| damaged("size"))?,
    })
}

/// Changes a row.
pub(super) fn change(connection: &Connection, change: &ReferenceChange) -> rusqlite::Result<()> {
    let source = match change {
        ReferenceChange::Set(new) => return set_reference(connection, new),
        ReferenceChange::Remove(key) => connection
            .prepare_cached("DELETE FROM reference WHERE key = ?1 RETURNING source")?
            .query_row([key.as_bytes()], |row| row.get(0)),
        ReferenceChange::RemoveId(id) => connection
            .prepare_cached("DELETE FROM reference WHERE id = ?1 RETURNING source")?
            .query_row([id.cast_signed()], |row| row.get(0)),
    };
    forget_source(connection, source.optional()?)
}

fn set_reference(connection: &Connection, new: &Reference) -> rusqlite::Result<()> {
    let before = connection
        .prepare_cached("DELETE FROM reference WHERE key = ?1 RETURNING source")?
        .query_row([new.key.as_bytes()], |row| row.get(0))
        .optional()?;
    connection
        .prepare_cached("INSERT INTO source (path) VALUES (?1) ON CONFLICT (path) DO NOTHING")?
        .execute([&*new.path])?;
    connection
        .prepare_cached(
            "INSERT INTO reference (id, key, source, start, size)
             VALUES (?1, ?2, (SELECT id FROM source WHERE path = ?3), ?4, ?5)",
        )?
        .execute((
            new.id.cast_signed(),
            new.key.as_bytes(),
            &*new.path,
            new.offset.cast_signed(),
            new.size,
        ))?;
    forget_source(connection, before)
}

/// Removes the path of a file that nothing refers to any more.
fn forget_source(connection: &Connection, source: Option<i64>) -> rusqlite::Result<()> {
    let Some(source) = source else { return Ok(()) };
    connection
        .prepare_cached(
            "DELETE FROM source
             WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM reference WHERE source = ?1)",
        )?
        .execute([source])
        .map(drop)
}
