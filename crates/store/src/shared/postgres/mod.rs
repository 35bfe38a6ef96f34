//! Shared rows in PostgreSQL, for several processes. All tables are in the schema `cairn`.

mod accounts;
mod migrate;
mod tokens;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};

use super::{Millis, SharedError, SharedRows};

/// Connections of one process. A server allows 100 in all unless it is told otherwise.
const CONNECTIONS: u32 = 16;

/// How long an operation waits for a connection.
const WAIT: Duration = Duration::from_secs(5);

/// The clock, in milliseconds since 1970. It continues within a transaction.
macro_rules! now {
    () => {
        "floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint"
    };
}
use now;

/// Shared rows in one PostgreSQL database.
#[derive(Debug)]
pub struct PostgresRows {
    pool: PgPool,
}

/// Distinguishes an unreachable database from one that refuses.
fn failed(action: &'static str) -> impl Fn(sqlx::Error) -> SharedError {
    move |source| {
        let away = match &source {
            sqlx::Error::PoolClosed => return SharedError::Closed,
            sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut | sqlx::Error::WorkerCrashed => true,
            // Connection failures, too many connections, a server that starts or stops:
            // <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
            sqlx::Error::Database(error) => error.code().is_some_and(|code| {
                code.starts_with("08")
                    || ["53300", "57P01", "57P02", "57P03"].contains(&code.as_ref())
            }),
            _ => false,
        };
        let source = Arc::new(source);
        if away {
            SharedError::Unreachable(source)
        } else {
            SharedError::Database { action, source }
        }
    }
}

impl PostgresRows {
    /// Connects, and brings the database to the newest version.
    ///
    /// # Errors
    /// [`SharedError::Unreachable`], [`SharedError::Newer`] for a database of a newer program, [`SharedError::Database`] when it
    /// refuses.
    pub async fn open(options: PgConnectOptions) -> Result<Arc<Self>, SharedError> {
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(WAIT)
            .connect_with(options)
            .await
            .map_err(failed("connect to"))?;
        migrate::run(&pool).await?;
        Ok(Arc::new(Self { pool }))
    }
}

impl SharedRows for PostgresRows {
    fn now(&self) -> BoxFuture<'_, Result<Millis, SharedError>> {
        Box::pin(async {
            let (now,) = sqlx::query_as(concat!("SELECT ", now!()))
                .fetch_one(&self.pool)
                .await
                .map_err(failed("read the clock of"))?;
            Ok(now)
        })
    }

    fn close(&self) -> BoxFuture<'_, Result<(), SharedError>> {
        Box::pin(async {
            self.pool.close().await;
            Ok(())
        })
    }
}
