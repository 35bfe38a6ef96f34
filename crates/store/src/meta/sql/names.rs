//! IPNS records in SQLite.

use cairn_primitives::PeerId;
use futures_util::future::BoxFuture;
use rusqlite::{Connection, OptionalExtension as _, Row};

use super::writer::Change;
use super::{SqliteRows, database};
use crate::meta::{NameRecord, NameRows, RowError};

/// Calls `each` with every record until it answers `false`.
pub(super) fn every(
    connection: &Connection,
    each: &mut dyn FnMut(NameRecord) -> bool,
) -> Result<(), RowError> {
    let mut statement = connection
        .prepare_cached("SELECT name, sequence, record FROM name_record ORDER BY name")
        .map_err(database("read"))?;
    let mut rows = statement.query([]).map_err(database("read"))?;
    while let Some(row) = rows.next().map_err(database("read"))? {
        if !each(read(row)?) {
            break;
        }
    }
    Ok(())
}

/// Reads name, sequence and record. Sequence numbers are eight bytes with the highest first, so that they compare as numbers do.
fn read(row: &Row<'_>) -> Result<NameRecord, RowError> {
    let failed = database("read");
    let name: Vec<u8> = row.get(0).map_err(&failed)?;
    let sequence: Vec<u8> = row.get(1).map_err(&failed)?;
    let record: Vec<u8> = row.get(2).map_err(&failed)?;
    let damaged = |what: &str| RowError::Damaged {
        what: format!("{what} of an IPNS record cannot be read"),
    };
    Ok(NameRecord {
        name: PeerId::from_bytes(&name).map_err(|_| damaged("the name"))?,
        sequence: sequence
            .try_into()
            .map(u64::from_be_bytes)
            .map_err(|_| damaged("the sequence number"))?,
        record: record.into(),
    })
}

/// Writes a record, unless the one that is there has a higher number.
pub(super) fn write(connection: &Connection, record: &NameRecord) -> rusqlite::Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO name_record (name, sequence, record) VALUES (?1, ?2, ?3)
             ON CONFLICT (name) DO UPDATE SET sequence = excluded.sequence, record = excluded.record
             WHERE excluded.sequence >= sequence",
        )?
        .execute((
            record.name.to_bytes(),
            record.sequence.to_be_bytes(),
            &record.record[..],
        ))
        .map(drop)
}

impl NameRows for SqliteRows {
    fn name_record(&self, name: &PeerId) -> Result<Option<NameRecord>, RowError> {
        if !self.has_names {
            return Ok(None);
        }
        let connection = self.readers.take()?;
        let mut statement = connection
            .prepare_cached("SELECT name, sequence, record FROM name_record WHERE name = ?1")
            .map_err(database("read"))?;
        statement
            .query_row([name.to_bytes()], |row| Ok(read(row)))
            .optional()
            .map_err(database("read"))?
            .transpose()
    }

    fn name_records(&self, each: &mut dyn FnMut(NameRecord) -> bool) -> Result<(), RowError> {
        if !self.has_names {
            return Ok(());
        }
        every(&*self.readers.take()?, each)
    }

    fn set_name_record(&self, record: NameRecord) -> BoxFuture<'_, Result<(), RowError>> {
        Box::pin(async move { self.writer()?.apply(vec![Change::Name(record)]).await })
    }
}
