//! The root of the mutable file system, in SQLite.

use cairn_primitives::Cid;
use futures_util::future::BoxFuture;
use rusqlite::{Connection, OptionalExtension as _};

use super::writer::Change;
use super::{SqliteRows, database};
use crate::meta::{MfsRows, RowError};

/// Key of the fact that names it.
const KEY: &str = "mfs_root";

/// Reads the root.
pub(super) fn read(connection: &Connection) -> Result<Option<Cid>, RowError> {
    let text: Option<String> = connection
        .prepare_cached("SELECT value FROM fact WHERE key = ?1")
        .and_then(|mut statement| statement.query_row([KEY], |row| row.get(0)).optional())
        .map_err(database("read"))?;
    text.map(|text| {
        text.parse().map_err(|error| RowError::Damaged {
            what: format!("the root of the mutable file system cannot be read: {error}"),
        })
    })
    .transpose()
}

/// Writes the root.
pub(super) fn write(connection: &Connection, root: &Cid) -> rusqlite::Result<()> {
    super::writer::set_fact(connection, KEY, &root.to_string())
}

impl MfsRows for SqliteRows {
    fn mfs_root(&self) -> Result<Option<Cid>, RowError> {
        read(&*self.readers.take()?)
    }

    fn set_mfs_root<'a>(&'a self, root: &'a Cid) -> BoxFuture<'a, Result<(), RowError>> {
        Box::pin(async move {
            let change = Change::MfsRoot(root.clone());
            self.writer()?.apply(vec![change]).await
        })
    }
}
