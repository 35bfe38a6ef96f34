//! Pins in SQLite.

use cairn_primitives::Cid;
use futures_util::future::BoxFuture;
use rusqlite::{Connection, OptionalExtension as _, Row};

use super::writer::Change;
use super::{SqliteRows, database, state};
use crate::meta::sum::PinSum;
use crate::meta::{Pin, PinChange, PinFilter, PinMode, PinRows, RowError};

pub(super) const fn mode_number(mode: PinMode) -> i64 {
    match mode {
        PinMode::Recursive => 0,
        PinMode::Direct => 1,
    }
}

/// Reads a pin of the columns `cid, mode, name`.
pub(super) fn read_pin(row: &Row<'_>) -> Result<Pin, RowError> {
    let damaged = |what: &str| RowError::Damaged {
        what: what.to_owned(),
    };
    let column = |index| row.get_ref(index).map_err(database("read"));
    let bytes = column(0)?
        .as_blob()
        .map_err(|_| damaged("a pin's CID is no blob"))?;
    let cid = Cid::from_bytes(bytes).map_err(|error| RowError::Damaged {
        what: format!("a pin's CID cannot be read: {error}"),
    })?;
    let mode = match column(1)?.as_i64() {
        Ok(0) => PinMode::Recursive,
        Ok(1) => PinMode::Direct,
        _ => {
            return Err(RowError::Damaged {
                what: format!("the pin of {cid} has an unknown mode"),
            });
        }
    };
    let name = column(2)?.as_str().map_err(|_| RowError::Damaged {
        what: format!("the name of the pin of {cid} is no text"),
    })?;
    Ok(Pin {
        cid,
        mode,
        name: name.to_owned(),
    })
}

impl PinRows for SqliteRows {
    fn pin(&self, cid: &Cid) -> Result<Option<Pin>, RowError> {
        let connection = self.readers.take()?;
        let mut statement = connection
            .prepare_cached("SELECT cid, mode, name FROM pin WHERE cid = ?1")
            .map_err(database("read"))?;
        let mut rows = statement
            .query([cid.to_bytes()])
            .map_err(database("read"))?;
        rows.next()
            .map_err(database("read"))?
            .map(read_pin)
            .transpose()
    }

    fn pins(&self, filter: &PinFilter, each: &mut dyn FnMut(Pin) -> bool) -> Result<(), RowError> {
        let connection = self.readers.take()?;
        // One view, however long the walk takes.
        let transaction = connection
            .unchecked_transaction()
            .map_err(database("read"))?;
        // A listing of all of them is what a collection relies on.
        let whole = self.has_state && filter.mode.is_none() && filter.name_contains.is_none();
        let expected = match whole {
            true => state::read(&transaction)?,
            false => None,
        };
        let mut found = PinSum::default();
        let mut statement = connection
            .prepare_cached(
                "SELECT cid, mode, name FROM pin
                 WHERE (?1 IS NULL OR mode = ?1) AND (?2 IS NULL OR instr(name, ?2) > 0)
                 ORDER BY cid",
            )
            .map_err(database("read"))?;
        // SQLite finds an empty text in every text, as Rust does.
        let parameters = (
            filter.mode.map(mode_number),
            filter.name_contains.as_deref(),
        );
        let mut rows = statement.query(parameters).map_err(database("read"))?;
        while let Some(row) = rows.next().map_err(database("read"))? {
            let pin = read_pin(row)?;
            if expected.is_some() {
                found.add_pin(&pin);
            }
            if !each(pin) {
                return Ok(());
            }
        }
        match expected {
            Some((_, expected)) => state::compare(&found, &expected.sum),
            None => Ok(()),
        }
    }

    fn pin_count(&self) -> Result<u64, RowError> {
        let connection = self.readers.take()?;
        let count: i64 = connection
            .prepare_cached("SELECT count(*) FROM pin")
            .and_then(|mut statement| statement.query_row([], |row| row.get(0)))
            .map_err(database("read"))?;
        Ok(count.unsigned_abs())
    }

    fn change_pins(&self, changes: Vec<PinChange>) -> BoxFuture<'_, Result<(), RowError>> {
        Box::pin(async move {
            let writer = self.writer()?;
            if changes.is_empty() {
                return writer.check_open();
            }
            writer
                .apply(changes.into_iter().map(Change::Pin).collect())
                .await
        })
    }
}

/// Mode and name of a pin, if there is one.
pub(super) fn find(
    connection: &Connection,
    cid: &[u8],
) -> rusqlite::Result<Option<(PinMode, String)>> {
    connection
        .prepare_cached("SELECT mode, name FROM pin WHERE cid = ?1")?
        .query_row([cid], |row| {
            let mode = if row.get::<_, i64>(0)? == mode_number(PinMode::Direct) {
                PinMode::Direct
            } else {
                PinMode::Recursive
            };
            Ok((mode, row.get(1)?))
        })
        .optional()
}

/// Changes a row.
pub(super) fn change(connection: &Connection, change: &PinChange) -> rusqlite::Result<()> {
    match change {
        PinChange::Set(pin) => connection
            .prepare_cached(
                "INSERT INTO pin (cid, mode, name) VALUES (?1, ?2, ?3)
                 ON CONFLICT (cid) DO UPDATE SET mode = excluded.mode, name = excluded.name",
            )?
            .execute((pin.cid.to_bytes(), mode_number(pin.mode), &pin.name)),
        PinChange::Remove(cid) => connection
            .prepare_cached("DELETE FROM pin WHERE cid = ?1")?
            .execute([cid.to_bytes()]),
    }
    .map(drop)
}
