//! Pins in SQLite.

use cairn_primitives::Cid;
use futures_util::future::BoxFuture;
use rusqlite::{Connection, OptionalExtension as _, Row};

use super::writer::Change;
use super::{SqliteRows, database, state};
use crate::meta::sum::PinSum;
use crate::meta::{Pin, PinChange, PinFilter, PinMode, PinOwner, PinRows, RowError};

pub(super) const fn mode_number(mode: PinMode) -> i64 {
    match mode {
        PinMode::Recursive => 0,
        PinMode::Direct => 1,
    }
}

pub(super) const fn owner_number(owner: PinOwner) -> i64 {
    match owner {
        PinOwner::User => 0,
        PinOwner::Services => 1,
    }
}

/// The columns of the pins of all owners.
macro_rules! columns {
    () => {
        "SELECT cid, mode, name, 0 AS owner FROM pin"
    };
    (services) => {
        "SELECT cid, mode, name, 1 AS owner FROM service_pin"
    };
}

/// Conditions of a filter: mode, part of the name, owner.
macro_rules! filter {
    () => {
        " WHERE (?1 IS NULL OR mode = ?1) AND (?2 IS NULL OR instr(name, ?2) > 0) AND (?3 IS NULL OR owner = ?3)"
    };
}

/// Every pin of all owners, in the order of the listing.
pub(super) const EVERY: &str = concat!(
    columns!(),
    " UNION ALL ",
    columns!(services),
    " ORDER BY cid, owner"
);

/// The pins of a filter. Both tables are read in their own order and merged.
const MATCHING: &str = concat!(
    columns!(),
    filter!(),
    " UNION ALL ",
    columns!(services),
    filter!(),
    " ORDER BY cid, owner"
);

/// As [`MATCHING`], in a database without pins of the services.
const MATCHING_USERS: &str = concat!(columns!(), filter!(), " ORDER BY cid");

/// Reads a pin of the columns `cid, mode, name, owner`.
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
    let owner = match column(3)?.as_i64() {
        Ok(0) => PinOwner::User,
        _ => PinOwner::Services,
    };
    Ok(Pin {
        cid,
        mode,
        name: name.to_owned(),
        owner,
    })
}

impl PinRows for SqliteRows {
    fn pin(&self, cid: &Cid, owner: PinOwner) -> Result<Option<Pin>, RowError> {
        let connection = self.readers.take()?;
        let query = match owner {
            PinOwner::User => concat!(columns!(), " WHERE cid = ?1"),
            PinOwner::Services if !self.has_services => return Ok(None),
            PinOwner::Services => concat!(columns!(services), " WHERE cid = ?1"),
        };
        let mut statement = connection.prepare_cached(query).map_err(database("read"))?;
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
        let PinFilter {
            mode,
            name_contains,
            owner,
        } = filter;
        let whole = self.has_state && mode.is_none() && name_contains.is_none() && owner.is_none();
        let expected = match whole {
            true => state::read(&transaction)?,
            false => None,
        };
        let mut found = PinSum::default();
        let mut statement = connection
            .prepare_cached(match self.has_services {
                true => MATCHING,
                false => MATCHING_USERS,
            })
            .map_err(database("read"))?;
        // SQLite finds an empty text in every text, as Rust does.
        let parameters = (
            mode.map(mode_number),
            name_contains.as_deref(),
            owner.map(owner_number),
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
        let query = match self.has_services {
            true => "SELECT (SELECT count(*) FROM pin) + (SELECT count(*) FROM service_pin)",
            false => "SELECT count(*) FROM pin",
        };
        let count: i64 = connection
            .prepare_cached(query)
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
    owner: PinOwner,
) -> rusqlite::Result<Option<(PinMode, String)>> {
    connection
        .prepare_cached(match owner {
            PinOwner::User => "SELECT mode, name FROM pin WHERE cid = ?1",
            PinOwner::Services => "SELECT mode, name FROM service_pin WHERE cid = ?1",
        })?
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
            .prepare_cached(match pin.owner {
                PinOwner::User => {
                    "INSERT INTO pin (cid, mode, name) VALUES (?1, ?2, ?3)
                     ON CONFLICT (cid) DO UPDATE SET mode = excluded.mode, name = excluded.name"
                }
                PinOwner::Services => {
                    "INSERT INTO service_pin (cid, mode, name) VALUES (?1, ?2, ?3)
                     ON CONFLICT (cid) DO UPDATE SET mode = excluded.mode, name = excluded.name"
                }
            })?
            .execute((pin.cid.to_bytes(), mode_number(pin.mode), &pin.name)),
        PinChange::Remove(cid, owner) => connection
            .prepare_cached(match owner {
                PinOwner::User => "DELETE FROM pin WHERE cid = ?1",
                PinOwner::Services => "DELETE FROM service_pin WHERE cid = ?1",
            })?
            .execute([cid.to_bytes()]),
    }
    .map(drop)
}
