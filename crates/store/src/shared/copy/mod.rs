//! Copying all shared rows from one database to another.
//!
//! Tables and columns have the same names in every dialect; rows travel as lines of PostgreSQL's text format of `COPY`.
//! The source is read in one transaction, and the target is written in one: it has everything or nothing.

pub(super) mod line;

use std::collections::BTreeSet;
use std::path::Path;

use tokio::sync::mpsc;

use super::postgres::copy::PostgresSide;
use super::sqlite::copy::SqliteSide;
use super::{DatabaseUrl, SharedError};

/// Chunks of lines between the reader and the writer; a faster reader waits.
const CHUNKS: usize = 8;

/// Tables that a new database has rows in: they are replaced. Of others, one row makes the target not empty.
const REPLACED: [&str; 4] = ["cluster_state", "identity", "pin_clock", "secret"];

/// Why rows were not copied.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CopyError {
    /// Reading failed.
    #[error("cannot read the database that is copied")]
    Source(#[source] SharedError),
    /// Writing failed.
    #[error("cannot write the database that is copied to")]
    Target(#[source] SharedError),
    /// The target has rows.
    #[error("the database that is copied to is not empty: its table {table} has rows")]
    NotEmpty {
        /// A table with rows.
        table: String,
    },
    /// The databases have other tables or columns, although they have the same version.
    #[error("the databases differ in {what}")]
    Differs {
        /// A table, or what is between them.
        what: String,
    },
    /// The target does not have the rows of the source.
    #[error("{read} rows of the table {table} were read, but {written} are in the copy")]
    Count {
        /// The table.
        table: String,
        /// Rows that were read.
        read: u64,
        /// Rows that the copy has.
        written: u64,
    },
}

/// A table, and the tables that its rows refer to.
#[derive(Clone, Debug)]
pub(super) struct Table {
    pub(super) name: String,
    pub(super) parents: Vec<String>,
}

/// A copied table.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CopiedTable {
    /// Its name.
    pub name: String,
    /// Its number of rows, counted in both databases.
    pub rows: u64,
}

enum Side {
    Sqlite(SqliteSide),
    Postgres(PostgresSide),
}

macro_rules! each {
    ($self:expr, $side:ident => $call:expr) => {
        match $self {
            Self::Sqlite($side) => $call.await,
            Self::Postgres($side) => $call.await,
        }
    };
}

impl Side {
    /// Opens a database in a transaction, after bringing it to the newest version.
    async fn open(url: &DatabaseUrl, folder: &Path, write: bool) -> Result<Self, SharedError> {
        super::open(url, folder).await?.close().await?;
        Ok(match url {
            DatabaseUrl::Sqlite(path) => {
                Self::Sqlite(SqliteSide::open(folder.join(path), write).await?)
            }
            DatabaseUrl::Postgres(options) => {
                Self::Postgres(PostgresSide::open(options, write).await?)
            }
        })
    }

    async fn tables(&mut self) -> Result<Vec<Table>, SharedError> {
        each!(self, side => side.tables())
    }

    async fn columns(&mut self, table: &str) -> Result<Vec<String>, SharedError> {
        each!(self, side => side.columns(table))
    }

    async fn count(&mut self, table: &str) -> Result<u64, SharedError> {
        each!(self, side => side.count(table))
    }

    async fn clear(&mut self, table: &str) -> Result<(), SharedError> {
        each!(self, side => side.clear(table))
    }

    async fn read(
        &mut self,
        table: &str,
        columns: &[String],
        lines: mpsc::Sender<Vec<u8>>,
    ) -> Result<(), SharedError> {
        each!(self, side => side.read(table, columns, lines))
    }

    async fn write(
        &mut self,
        table: &str,
        columns: &[String],
        lines: mpsc::Receiver<Vec<u8>>,
    ) -> Result<(), SharedError> {
        each!(self, side => side.write(table, columns, lines))
    }

    /// The last number that a table has given to a row.
    async fn sequence(&mut self, table: &str) -> Result<Option<i64>, SharedError> {
        each!(self, side => side.sequence(table))
    }

    async fn set_sequence(&mut self, table: &str, last: i64) -> Result<(), SharedError> {
        each!(self, side => side.set_sequence(table, last))
    }

    async fn commit(self) -> Result<(), SharedError> {
        each!(self, side => side.commit())
    }
}

/// Copies all rows to an empty database, and verifies their number. Changes of the source meanwhile are not copied, so
/// nobody may use it. `progress` is called with each table and the number of its rows so far. Relative paths are relative
/// to `folder`.
///
/// # Errors
/// See [`CopyError`]; the target is left as it was.
pub async fn copy(
    from: &DatabaseUrl,
    to: &DatabaseUrl,
    folder: &Path,
    progress: &mut (dyn FnMut(&str, u64) + Send),
) -> Result<Vec<CopiedTable>, CopyError> {
    let mut source = Side::open(from, folder, false)
        .await
        .map_err(CopyError::Source)?;
    let mut target = Side::open(to, folder, true)
        .await
        .map_err(CopyError::Target)?;
    let tables = in_order(source.tables().await.map_err(CopyError::Source)?)?;
    let own: BTreeSet<_> = tables.iter().map(|table| table.name.clone()).collect();
    let others = target.tables().await.map_err(CopyError::Target)?;
    let others: BTreeSet<_> = others.into_iter().map(|table| table.name).collect();
    if let Some(name) = own.symmetric_difference(&others).next() {
        return Err(CopyError::Differs {
            what: format!("the table {name}"),
        });
    }
    for Table { name, .. } in &tables {
        if REPLACED.contains(&name.as_str()) {
            target.clear(name).await.map_err(CopyError::Target)?;
        } else if target.count(name).await.map_err(CopyError::Target)? > 0 {
            return Err(CopyError::NotEmpty {
                table: name.clone(),
            });
        }
    }
    let mut copied = Vec::new();
    for Table { name, .. } in tables {
        let rows = copy_table(&mut source, &mut target, &name, progress).await?;
        copied.push(CopiedTable { name, rows });
    }
    target.commit().await.map_err(CopyError::Target)?;
    Ok(copied)
}

async fn copy_table(
    source: &mut Side,
    target: &mut Side,
    table: &str,
    progress: &mut (dyn FnMut(&str, u64) + Send),
) -> Result<u64, CopyError> {
    let columns = source.columns(table).await.map_err(CopyError::Source)?;
    let others = target.columns(table).await.map_err(CopyError::Target)?;
    if columns.iter().collect::<BTreeSet<_>>() != others.iter().collect() {
        return Err(CopyError::Differs {
            what: format!("the columns of the table {table}"),
        });
    }
    let (read_lines, mut counted_lines) = mpsc::channel::<Vec<u8>>(CHUNKS);
    let (write_lines, written_lines) = mpsc::channel(CHUNKS);
    let mut read = 0;
    let count = async {
        while let Some(chunk) = counted_lines.recv().await {
            // A line break within a value is escaped.
            read += chunk.iter().filter(|byte| **byte == b'\n').count() as u64;
            progress(table, read);
            if write_lines.send(chunk).await.is_err() {
                // The writer says why.
                break;
            }
        }
        drop((counted_lines, write_lines));
    };
    let (from, to, ()) = tokio::join!(
        source.read(table, &columns, read_lines),
        target.write(table, &columns, written_lines),
        count
    );
    to.map_err(CopyError::Target)?;
    from.map_err(CopyError::Source)?;
    if let Some(last) = source.sequence(table).await.map_err(CopyError::Source)? {
        let set = target.set_sequence(table, last).await;
        set.map_err(CopyError::Target)?;
    }
    let there = source.count(table).await.map_err(CopyError::Source)?;
    let written = target.count(table).await.map_err(CopyError::Target)?;
    if there != read || written != read {
        return Err(CopyError::Count {
            table: table.to_owned(),
            read: there,
            written,
        });
    }
    Ok(read)
}

/// Tables after those that their rows refer to.
fn in_order(mut tables: Vec<Table>) -> Result<Vec<Table>, CopyError> {
    let mut ordered: Vec<Table> = Vec::new();
    while !tables.is_empty() {
        let waits = |table: &Table| {
            table.parents.iter().any(|parent| {
                *parent != table.name && !ordered.iter().any(|done| done.name == *parent)
            })
        };
        let (later, mut now): (Vec<_>, Vec<_>) = tables.into_iter().partition(waits);
        if now.is_empty() {
            return Err(CopyError::Differs {
                what: "an order: their tables refer to each other in a circle".to_owned(),
            });
        }
        now.sort_by(|one, other| one.name.cmp(&other.name));
        ordered.append(&mut now);
        tables = later;
    }
    Ok(ordered)
}

/// An identifier in SQL.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A list of identifiers in SQL.
pub(super) fn quoted_list(names: &[String]) -> String {
    let names: Vec<_> = names.iter().map(|name| quoted(name)).collect();
    names.join(", ")
}
