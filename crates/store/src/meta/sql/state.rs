//! What the pins must be: turn, count and sum, in the database itself.

use rusqlite::{Connection, OptionalExtension as _};

use super::database;
use super::pins::{self, read_pin};
use crate::meta::journal::State;
use crate::meta::sum::PinSum;
use crate::meta::{Pin, RowError};

/// Reads the state, and the id of the database. `None` in a database that an older program has made.
pub(super) fn read(connection: &Connection) -> Result<Option<(String, State)>, RowError> {
    let row = connection
        .prepare_cached("SELECT rows, turn, count, sum FROM state WHERE id = 1")
        .and_then(|mut statement| {
            statement
                .query_row([], |row| {
                    Ok((
                        row.get::<_, String>(0)?,
                        row.get::<_, i64>(1)?,
                        row.get::<_, i64>(2)?,
                        row.get::<_, Vec<u8>>(3)?,
                    ))
                })
                .optional()
        })
        .map_err(database("read"))?;
    let Some((rows, turn, count, sum)) = row else {
        return Ok(None);
    };
    let sum = sum.try_into().map_err(|_| RowError::Damaged {
        what: "the sum of the pins has the wrong length".to_owned(),
    })?;
    let state = State {
        turn: turn.unsigned_abs(),
        sum: PinSum {
            count: count.unsigned_abs(),
            sum: u128::from_le_bytes(sum),
        },
    };
    Ok(Some((rows, state)))
}

/// Writes the state.
pub(super) fn write(connection: &Connection, state: &State) -> rusqlite::Result<()> {
    connection
        .prepare_cached("UPDATE state SET turn = ?1, count = ?2, sum = ?3 WHERE id = 1")?
        .execute((
            state.turn.cast_signed(),
            state.sum.count.cast_signed(),
            state.sum.sum.to_le_bytes(),
        ))
        .map(drop)
}

/// Writes the first state of a database.
pub(super) fn begin(connection: &Connection, rows: &str, state: &State) -> rusqlite::Result<()> {
    connection
        .execute(
            "INSERT INTO state (id, rows, turn, count, sum) VALUES (1, ?1, ?2, ?3, ?4)",
            (
                rows,
                state.turn.cast_signed(),
                state.sum.count.cast_signed(),
                state.sum.sum.to_le_bytes(),
            ),
        )
        .map(drop)
}

/// Calls `each` with every pin, of all owners.
pub(super) fn every(connection: &Connection, each: &mut dyn FnMut(Pin)) -> Result<(), RowError> {
    let mut statement = connection
        .prepare_cached(pins::EVERY)
        .map_err(database("read"))?;
    let mut rows = statement.query([]).map_err(database("read"))?;
    while let Some(row) = rows.next().map_err(database("read"))? {
        each(read_pin(row)?);
    }
    Ok(())
}

/// The sum of the pins that are there.
pub(super) fn count(connection: &Connection) -> Result<PinSum, RowError> {
    let mut sum = PinSum::default();
    every(connection, &mut |pin| sum.add_pin(&pin))?;
    Ok(sum)
}

/// Refuses pins that are not what they must be.
pub(super) fn compare(found: &PinSum, expected: &PinSum) -> Result<(), RowError> {
    if found == expected {
        return Ok(());
    }
    Err(RowError::Damaged {
        what: if found.count == expected.count {
            format!("the {} pins are not those that were written", found.count)
        } else {
            format!(
                "{} pins are there, and {} were written",
                found.count, expected.count
            )
        },
    })
}
