//! PostgreSQL as the source or the target of a copy.

use futures_util::TryStreamExt as _;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, Connection as _};
use tokio::sync::mpsc;

use super::failed;
use crate::shared::SharedError;
use crate::shared::copy::{Table, quoted, quoted_list};

const READ: &str = "copy";
const WRITE: &str = "write a copy to";

/// One connection, in a transaction.
pub(in crate::shared) struct PostgresSide {
    connection: PgConnection,
}

/// The name of a table in SQL.
fn name(table: &str) -> String {
    format!("cairn.{}", quoted(table))
}

impl PostgresSide {
    pub(in crate::shared) async fn open(
        options: &PgConnectOptions,
        write: bool,
    ) -> Result<Self, SharedError> {
        let mut connection = PgConnection::connect_with(options)
            .await
            .map_err(failed("connect to"))?;
        let begin = if write {
            "BEGIN"
        } else {
            // All tables as they are at the same moment.
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
        };
        sqlx::raw_sql(begin)
            .execute(&mut connection)
            .await
            .map_err(failed(READ))?;
        Ok(Self { connection })
    }

    pub(in crate::shared) async fn tables(&mut self) -> Result<Vec<Table>, SharedError> {
        let names: Vec<(String,)> = sqlx::query_as(
            "SELECT table_name::text FROM information_schema.tables
             WHERE table_schema = 'cairn' AND table_type = 'BASE TABLE' AND table_name <> 'version'",
        )
        .fetch_all(&mut self.connection)
        .await
        .map_err(failed(READ))?;
        let references: Vec<(String, String)> = sqlx::query_as(
            "SELECT child.relname::text, parent.relname::text FROM pg_constraint
             JOIN pg_class child ON child.oid = conrelid JOIN pg_class parent ON parent.oid = confrelid
             WHERE contype = 'f' AND connamespace = 'cairn'::regnamespace",
        )
        .fetch_all(&mut self.connection)
        .await
        .map_err(failed(READ))?;
        let table = |(name,): (String,)| {
            let parents = references
                .iter()
                .filter(|(child, _)| *child == name)
                .map(|(_, parent)| parent.clone())
                .collect();
            Table { name, parents }
        };
        Ok(names.into_iter().map(table).collect())
    }

    pub(in crate::shared) async fn columns(
        &mut self,
        table: &str,
    ) -> Result<Vec<String>, SharedError> {
        let columns: Vec<(String,)> = sqlx::query_as(
            "SELECT column_name::text FROM information_schema.columns
             WHERE table_schema = 'cairn' AND table_name = $1 ORDER BY ordinal_position",
        )
        .bind(table)
        .fetch_all(&mut self.connection)
        .await
        .map_err(failed(READ))?;
        Ok(columns.into_iter().map(|(name,)| name).collect())
    }

    pub(in crate::shared) async fn count(&mut self, table: &str) -> Result<u64, SharedError> {
        let query = AssertSqlSafe(format!("SELECT count(*) FROM {}", name(table)));
        let (count,): (i64,) = sqlx::query_as(query)
            .fetch_one(&mut self.connection)
            .await
            .map_err(failed(READ))?;
        Ok(count.unsigned_abs())
    }

    pub(in crate::shared) async fn clear(&mut self, table: &str) -> Result<(), SharedError> {
        let query = AssertSqlSafe(format!("DELETE FROM {}", name(table)));
        sqlx::query(query)
            .execute(&mut self.connection)
            .await
            .map_err(failed(WRITE))?;
        Ok(())
    }

    pub(in crate::shared) async fn read(
        &mut self,
        table: &str,
        columns: &[String],
        lines: mpsc::Sender<Vec<u8>>,
    ) -> Result<(), SharedError> {
        let query = format!("COPY {} ({}) TO STDOUT", name(table), quoted_list(columns));
        let mut rows = self
            .connection
            .copy_out_raw(&query)
            .await
            .map_err(failed(READ))?;
        while let Some(chunk) = rows.try_next().await.map_err(failed(READ))? {
            if lines.send(chunk.to_vec()).await.is_err() {
                return Err(SharedError::Interrupted);
            }
        }
        Ok(())
    }

    pub(in crate::shared) async fn write(
        &mut self,
        table: &str,
        columns: &[String],
        mut lines: mpsc::Receiver<Vec<u8>>,
    ) -> Result<(), SharedError> {
        let query = format!("COPY {} ({}) FROM STDIN", name(table), quoted_list(columns));
        let mut rows = self
            .connection
            .copy_in_raw(&query)
            .await
            .map_err(failed(WRITE))?;
        while let Some(chunk) = lines.recv().await {
            rows.send(chunk).await.map_err(failed(WRITE))?;
        }
        rows.finish().await.map_err(failed(WRITE))?;
        Ok(())
    }

    /// The sequence of the numbers of a table's rows: of an identity column, or by its name.
    async fn sequence_name(&mut self, table: &str) -> Result<Option<String>, SharedError> {
        if !self.columns(table).await?.iter().any(|name| name == "id") {
            return Ok(None);
        }
        let (found,): (Option<String>,) = sqlx::query_as(
            "SELECT coalesce(pg_get_serial_sequence($1, 'id'), to_regclass($2)::text)",
        )
        .bind(name(table))
        .bind(format!("cairn.{}", quoted(&format!("{table}_id"))))
        .fetch_one(&mut self.connection)
        .await
        .map_err(failed(READ))?;
        Ok(found)
    }

    pub(in crate::shared) async fn sequence(
        &mut self,
        table: &str,
    ) -> Result<Option<i64>, SharedError> {
        let Some(sequence) = self.sequence_name(table).await? else {
            return Ok(None);
        };
        let query = AssertSqlSafe(format!("SELECT last_value, is_called FROM {sequence}"));
        let (last, called): (i64, bool) = sqlx::query_as(query)
            .fetch_one(&mut self.connection)
            .await
            .map_err(failed(READ))?;
        Ok(called.then_some(last))
    }

    pub(in crate::shared) async fn set_sequence(
        &mut self,
        table: &str,
        last: i64,
    ) -> Result<(), SharedError> {
        let Some(sequence) = self.sequence_name(table).await? else {
            return Ok(());
        };
        sqlx::query("SELECT setval($1::regclass, $2)")
            .bind(sequence)
            .bind(last.max(1))
            .execute(&mut self.connection)
            .await
            .map_err(failed(WRITE))?;
        Ok(())
    }

    pub(in crate::shared) async fn commit(mut self) -> Result<(), SharedError> {
        sqlx::raw_sql("COMMIT")
            .execute(&mut self.connection)
            .await
            .map_err(failed(WRITE))?;
        self.connection.close().await.map_err(failed(WRITE))
    }
}
