//! Shared rows in PostgreSQL, for several processes. All tables are in the schema `cairn`.

mod accounts;
mod again;
mod cluster;
pub(super) mod copy;
mod migrate;
mod pins;
mod releases;
mod secrets;
mod tokens;
mod uploads;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::BoxFuture;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _, PgConnection, Postgres, Transaction};

use self::again::again;
use super::{AccountId, Millis, SharedError, SharedRows};

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

/// Does something in a transaction, and again while it is in the way of others; see [`again`].
macro_rules! transact {
    ($rows:expr, $action:expr, |$connection:ident| $work:expr) => {
        $crate::shared::postgres::again(|| async {
            let mut transaction = $rows.begin($action).await?;
            let $connection = &mut *transaction;
            let done = $work.await?;
            $crate::shared::postgres::commit(transaction, $action, done).await
        })
        .await
    };
}
use transact;

/// Shared rows in one PostgreSQL database.
#[derive(Debug)]
pub struct PostgresRows {
    pool: PgPool,
    /// Whether the database has the newest version; connections made before check it.
    migrated: Arc<AtomicBool>,
}

/// Distinguishes an unreachable database, and one whose transactions are in each other's way, from one that refuses.
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
        let conflicts = again::is_conflict(&source);
        let source = Arc::new(source);
        if conflicts {
            SharedError::Conflict(source)
        } else if away {
            SharedError::Unreachable(source)
        } else {
            SharedError::Database { action, source }
        }
    }
}

/// Ends a transaction, and returns what it did.
async fn commit<T>(
    transaction: Transaction<'static, Postgres>,
    action: &'static str,
    answer: T,
) -> Result<T, SharedError> {
    transaction.commit().await.map_err(failed(action))?;
    Ok(answer)
}

/// Locks the row of an account until the transaction ends; `false` if there is none. Writes for one account follow each other
/// then, but those of others that only refer to the account do not wait.
async fn lock_account(
    connection: &mut PgConnection,
    account: AccountId,
    action: &'static str,
) -> Result<bool, SharedError> {
    sqlx::query("SELECT FROM cairn.account WHERE id = $1 FOR NO KEY UPDATE")
        .bind(account.0)
        .fetch_optional(connection)
        .await
        .map(|row| row.is_some())
        .map_err(failed(action))
}

/// A text that PostgreSQL can store: it has none with null characters.
fn text(text: &str) -> String {
    text.replace('\0', " ")
}

impl PostgresRows {
    async fn begin(
        &self,
        action: &'static str,
    ) -> Result<Transaction<'static, Postgres>, SharedError> {
        self.pool.begin().await.map_err(failed(action))
    }

    /// Connects, and brings the database to the newest version.
    ///
    /// # Errors
    /// [`SharedError::Unreachable`], [`SharedError::Newer`] for a database of a newer program, [`SharedError::Database`] when it
    /// refuses.
    pub async fn open(options: PgConnectOptions) -> Result<Arc<Self>, SharedError> {
        let rows = Self::pool(options);
        // The pool would only log why a migration failed, and try again.
        let mut connection = tokio::time::timeout(WAIT, rows.pool.connect_options().connect())
            .await
            .unwrap_or(Err(sqlx::Error::PoolTimedOut))
            .map_err(failed("connect to"))?;
        migrate::run(&mut connection).await?;
        rows.migrated.store(true, Ordering::Release);
        drop(connection.close().await);
        Ok(Arc::new(rows))
    }

    /// As [`PostgresRows::open`], but a database that cannot be reached is connected to, and brought to the newest
    /// version, by the first operation that reaches it; until then operations fail with [`SharedError::Unreachable`].
    ///
    /// # Errors
    /// As [`PostgresRows::open`], except [`SharedError::Unreachable`].
    pub async fn open_or_wait(options: PgConnectOptions) -> Result<Arc<Self>, SharedError> {
        match Self::open(options.clone()).await {
            Err(SharedError::Unreachable(cause)) => {
                tracing::warn!(
                    error = %cairn_primitives::with_causes(&*cause),
                    "the database of the shared rows cannot be reached; the services answer when it can be"
                );
                Ok(Arc::new(Self::pool(options)))
            }
            opened => opened,
        }
    }

    /// A pool that connects when it is used first.
    fn pool(options: PgConnectOptions) -> Self {
        let migrated = Arc::new(AtomicBool::new(false));
        let done = Arc::clone(&migrated);
        let pool = PgPoolOptions::new()
            .max_connections(CONNECTIONS)
            .acquire_timeout(WAIT)
            .after_connect(move |connection, _| {
                let done = Arc::clone(&done);
                Box::pin(async move {
                    if !done.load(Ordering::Acquire) {
                        migrate::run(connection)
                            .await
                            .map_err(|error| sqlx::Error::Configuration(Box::new(error)))?;
                        done.store(true, Ordering::Release);
                    }
                    Ok(())
                })
            })
            .connect_lazy_with(options);
        Self { pool, migrated }
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

    fn identity(&self) -> BoxFuture<'_, Result<String, SharedError>> {
        Box::pin(async {
            let (id,) = sqlx::query_as("SELECT id FROM cairn.identity")
                .fetch_one(&self.pool)
                .await
                .map_err(failed("read the identity of"))?;
            Ok(id)
        })
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn close(&self) -> BoxFuture<'_, Result<(), SharedError>> {
        Box::pin(async {
            self.pool.close().await;
            Ok(())
        })
    }
}
