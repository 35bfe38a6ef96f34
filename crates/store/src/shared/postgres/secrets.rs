//! Secrets in PostgreSQL.

use futures_util::future::BoxFuture;

use super::{PostgresRows, failed};
use crate::shared::secrets::from_column;
use crate::shared::{SecretRows, SharedError};

impl SecretRows for PostgresRows {
    fn secret<'a>(
        &'a self,
        name: &'a str,
        fresh: [u8; 32],
    ) -> BoxFuture<'a, Result<[u8; 32], SharedError>> {
        Box::pin(async move {
            sqlx::query(
                "INSERT INTO cairn.secret (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING",
            )
            .bind(name)
            .bind(&fresh[..])
            .execute(&self.pool)
            .await
            .map_err(failed("write a secret to"))?;
            let (found,) = sqlx::query_as("SELECT value FROM cairn.secret WHERE name = $1")
                .bind(name)
                .fetch_one(&self.pool)
                .await
                .map_err(failed("read a secret of"))?;
            from_column(found)
        })
    }
}
