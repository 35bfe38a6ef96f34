//! Secrets in SQLite.

use futures_util::future::BoxFuture;

use super::{SharedSqliteRows, failed};
use crate::shared::secrets::from_column;
use crate::shared::{SecretRows, SharedError};

impl SecretRows for SharedSqliteRows {
    fn secret<'a>(
        &'a self,
        name: &'a str,
        fresh: [u8; 32],
    ) -> BoxFuture<'a, Result<[u8; 32], SharedError>> {
        let name = name.to_owned();
        Box::pin(self.writer.write(move |connection| {
            connection
                .execute(
                    "INSERT INTO secret (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO NOTHING",
                    (&name, fresh),
                )
                .map_err(failed("write a secret to"))?;
            let found = connection
                .query_row("SELECT value FROM secret WHERE name = ?1", [&name], |row| {
                    row.get(0)
                })
                .map_err(failed("read a secret of"))?;
            from_column(found)
        }))
    }
}
