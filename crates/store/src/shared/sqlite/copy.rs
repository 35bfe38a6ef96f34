//! SQLite as the source or the target of a copy.

use std::path::PathBuf;

use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, OptionalExtension as _, params_from_iter};
use tokio::sync::mpsc;

use super::failed;
use crate::shared::SharedError;
use crate::shared::copy::{Table, line, quoted, quoted_list};
use crate::sqlite::opening;

const READ: &str = "copy";
const WRITE: &str = "write a copy to";

/// A chunk of lines is sent when it has this many bytes.
const CHUNK: usize = 64 << 10;

/// One connection, in a transaction; `None` only while an operation uses it.
pub(in crate::shared) struct SqliteSide {
    connection: Option<Connection>,
}

impl SqliteSide {
    pub(in crate::shared) async fn open(path: PathBuf, write: bool) -> Result<Self, SharedError> {
        let opened = tokio::task::spawn_blocking(move || {
            let open = || {
                let connection = Connection::open(&path)?;
                connection.pragma_update(None, "foreign_keys", "ON")?;
                connection.pragma_update(None, "synchronous", "FULL")?;
                connection.execute_batch(if write { "BEGIN IMMEDIATE" } else { "BEGIN" })?;
                Ok(connection)
            };
            open().map_err(|source: rusqlite::Error| opening(&path, source))
        });
        let connection = opened.await.map_err(|_| SharedError::Interrupted)??;
        Ok(Self {
            connection: Some(connection),
        })
    }

    /// Runs an operation off the runtime.
    async fn run<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&Connection) -> Result<T, SharedError> + Send + 'static,
    ) -> Result<T, SharedError> {
        let connection = self.connection.take().ok_or(SharedError::Closed)?;
        let done = tokio::task::spawn_blocking(move || {
            let outcome = work(&connection);
            (connection, outcome)
        });
        let (connection, outcome) = done.await.map_err(|_| SharedError::Interrupted)?;
        self.connection = Some(connection);
        outcome
    }

    pub(in crate::shared) async fn tables(&mut self) -> Result<Vec<Table>, SharedError> {
        self.run(|connection| tables(connection).map_err(failed(READ)))
            .await
    }

    pub(in crate::shared) async fn columns(
        &mut self,
        table: &str,
    ) -> Result<Vec<String>, SharedError> {
        let table = table.to_owned();
        self.run(move |connection| {
            let columns = columns(connection, &table).map_err(failed(READ))?;
            Ok(columns.into_iter().map(|(name, _)| name).collect())
        })
        .await
    }

    pub(in crate::shared) async fn count(&mut self, table: &str) -> Result<u64, SharedError> {
        let query = format!("SELECT count(*) FROM {}", quoted(table));
        self.run(move |connection| {
            connection
                .query_row(&query, [], |row| row.get::<_, i64>(0))
                .map(i64::unsigned_abs)
                .map_err(failed(READ))
        })
        .await
    }

    pub(in crate::shared) async fn clear(&mut self, table: &str) -> Result<(), SharedError> {
        let query = format!("DELETE FROM {}", quoted(table));
        self.run(move |connection| {
            let deleted = connection.execute(&query, []);
            deleted.map(drop).map_err(failed(WRITE))
        })
        .await
    }

    pub(in crate::shared) async fn read(
        &mut self,
        table: &str,
        columns: &[String],
        lines: mpsc::Sender<Vec<u8>>,
    ) -> Result<(), SharedError> {
        let query = format!("SELECT {} FROM {}", quoted_list(columns), quoted(table));
        let width = columns.len();
        self.run(move |connection| read(connection, &query, width, &lines))
            .await
    }

    pub(in crate::shared) async fn write(
        &mut self,
        table: &str,
        columns: &[String],
        lines: mpsc::Receiver<Vec<u8>>,
    ) -> Result<(), SharedError> {
        let (table, columns) = (table.to_owned(), columns.to_vec());
        self.run(move |connection| write(connection, &table, &columns, lines))
            .await
    }

    pub(in crate::shared) async fn sequence(
        &mut self,
        table: &str,
    ) -> Result<Option<i64>, SharedError> {
        let table = table.to_owned();
        self.run(move |connection| {
            connection
                .query_row(
                    "SELECT seq FROM sqlite_sequence WHERE name = ?1",
                    [table],
                    |row| row.get(0),
                )
                .optional()
                .map_err(failed(READ))
        })
        .await
    }

    pub(in crate::shared) async fn set_sequence(
        &mut self,
        table: &str,
        last: i64,
    ) -> Result<(), SharedError> {
        let table = table.to_owned();
        self.run(move |connection| {
            let set = || {
                connection.execute("DELETE FROM sqlite_sequence WHERE name = ?1", [&table])?;
                connection.execute(
                    "INSERT INTO sqlite_sequence (name, seq) VALUES (?1, ?2)",
                    (&table, last),
                )
            };
            set().map(drop).map_err(failed(WRITE))
        })
        .await
    }

    pub(in crate::shared) async fn commit(mut self) -> Result<(), SharedError> {
        self.run(|connection| connection.execute_batch("COMMIT").map_err(failed(WRITE)))
            .await
    }
}

fn tables(connection: &Connection) -> rusqlite::Result<Vec<Table>> {
    let names: Vec<String> = connection
        .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'")?
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    let mut tables = Vec::new();
    for name in names {
        let parents = connection
            .prepare("SELECT \"table\" FROM pragma_foreign_key_list(?1)")?
            .query_map([&name], |row| row.get(0))?
            .collect::<rusqlite::Result<_>>()?;
        tables.push(Table { name, parents });
    }
    Ok(tables)
}

/// The columns of a table with their types.
fn columns(connection: &Connection, table: &str) -> rusqlite::Result<Vec<(String, String)>> {
    connection
        .prepare("SELECT name, type FROM pragma_table_info(?1)")?
        .query_map([table], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

fn read(
    connection: &Connection,
    query: &str,
    width: usize,
    lines: &mpsc::Sender<Vec<u8>>,
) -> Result<(), SharedError> {
    let mut statement = connection.prepare(query).map_err(failed(READ))?;
    let mut rows = statement.query([]).map_err(failed(READ))?;
    let mut chunk = Vec::new();
    while let Some(row) = rows.next().map_err(failed(READ))? {
        for column in 0..width {
            if column > 0 {
                chunk.push(b'\t');
            }
            match row.get_ref(column).map_err(failed(READ))? {
                ValueRef::Null => line::put_null(&mut chunk),
                ValueRef::Integer(number) => chunk.extend(number.to_string().into_bytes()),
                ValueRef::Real(number) => chunk.extend(number.to_string().into_bytes()),
                ValueRef::Text(text) => {
                    let text = std::str::from_utf8(text).map_err(|_| SharedError::Damaged {
                        what: "a text is not UTF-8",
                    })?;
                    line::put_text(&mut chunk, text);
                }
                ValueRef::Blob(bytes) => line::put_bytes(&mut chunk, bytes),
            }
        }
        chunk.push(b'\n');
        if chunk.len() >= CHUNK {
            let sent = lines.blocking_send(std::mem::take(&mut chunk));
            sent.map_err(|_| SharedError::Interrupted)?;
        }
    }
    if !chunk.is_empty() {
        let sent = lines.blocking_send(chunk);
        sent.map_err(|_| SharedError::Interrupted)?;
    }
    Ok(())
}

fn write(
    connection: &Connection,
    table: &str,
    names: &[String],
    mut lines: mpsc::Receiver<Vec<u8>>,
) -> Result<(), SharedError> {
    let declared = columns(connection, table).map_err(failed(WRITE))?;
    let kinds: Vec<_> = names
        .iter()
        .map(|name| {
            let found = declared.iter().find(|(declared, _)| declared == name);
            found.map_or("", |(_, kind)| kind.as_str())
        })
        .collect();
    let places = vec!["?"; names.len()].join(", ");
    let query = format!(
        "INSERT INTO {} ({}) VALUES ({places})",
        quoted(table),
        quoted_list(names)
    );
    let mut statement = connection.prepare(&query).map_err(failed(WRITE))?;
    let mut unread = Vec::new();
    while let Some(chunk) = lines.blocking_recv() {
        unread.extend(chunk);
        let mut start = 0;
        while let Some(length) = unread
            .get(start..)
            .and_then(|rest| rest.iter().position(|byte| *byte == b'\n'))
        {
            let row = unread.get(start..start + length).unwrap_or_default();
            let values = row_values(row, &kinds)?;
            statement
                .execute(params_from_iter(values))
                .map_err(failed(WRITE))?;
            start += length + 1;
        }
        unread.drain(..start);
    }
    Ok(())
}

/// The values of a line, in the types of their columns.
fn row_values(row: &[u8], kinds: &[&str]) -> Result<Vec<Value>, SharedError> {
    let damaged = |what| SharedError::Damaged { what };
    let values = line::values(row);
    if values.len() != kinds.len() {
        return Err(damaged("a row does not have the columns of its table"));
    }
    let typed = values.into_iter().zip(kinds).map(|(value, kind)| {
        let Some(value) = value else {
            return Ok(Value::Null);
        };
        match *kind {
            "INTEGER" => line::number(&value)
                .map(Value::Integer)
                .ok_or(damaged("a number is invalid")),
            "BLOB" => line::bytes(&value)
                .map(Value::Blob)
                .ok_or(damaged("bytes are invalid")),
            _ => String::from_utf8(value)
                .map(Value::Text)
                .map_err(|_| damaged("a text is not UTF-8")),
        }
    });
    typed.collect()
}
