//! Migrations: numbered, forward only, never edited after a release.

use sqlx::Connection as _;
use sqlx::postgres::PgConnection;

use super::failed;
use crate::shared::SharedError;

/// What each step executes. Step `n` (from 1) makes version `n` of version `n - 1`.
const STEPS: &[&str] = &[
    include_str!("../migrations/postgres/0001_accounts.sql"),
    include_str!("../migrations/postgres/0002_quotas.sql"),
    include_str!("../migrations/postgres/0003_pins.sql"),
    include_str!("../migrations/postgres/0004_uploads.sql"),
    include_str!("../migrations/postgres/0005_cluster.sql"),
    include_str!("../migrations/postgres/0006_identity.sql"),
    include_str!("../migrations/postgres/0007_cluster_orders.sql"),
];

/// Brings a database to the newest version, whole or not at all. Of several processes that start at once, one does it.
pub(super) async fn run(connection: &mut PgConnection) -> Result<(), SharedError> {
    let failed = failed("migrate");
    let newest = i64::try_from(STEPS.len()).unwrap_or(i64::MAX);
    let mut transaction = connection.begin().await.map_err(&failed)?;
    // "Crns": any number that others do not lock.
    sqlx::query("SELECT pg_advisory_xact_lock(1131572851)")
        .execute(&mut *transaction)
        .await
        .map_err(&failed)?;
    let (there,): (bool,) = sqlx::query_as("SELECT to_regclass('cairn.version') IS NOT NULL")
        .fetch_one(&mut *transaction)
        .await
        .map_err(&failed)?;
    let found = if there {
        let row: Option<(i64,)> = sqlx::query_as("SELECT version FROM cairn.version")
            .fetch_optional(&mut *transaction)
            .await
            .map_err(&failed)?;
        let (found,) = row.ok_or(SharedError::Damaged {
            what: "they have no version",
        })?;
        found
    } else {
        // A schema that was made for this program is used: making one needs more rights.
        let (schema,): (bool,) = sqlx::query_as("SELECT to_regnamespace('cairn') IS NOT NULL")
            .fetch_one(&mut *transaction)
            .await
            .map_err(&failed)?;
        if !schema {
            sqlx::query("CREATE SCHEMA cairn")
                .execute(&mut *transaction)
                .await
                .map_err(&failed)?;
        }
        sqlx::raw_sql(
            "CREATE TABLE cairn.version (one boolean PRIMARY KEY DEFAULT true CHECK (one), version bigint NOT NULL);
             INSERT INTO cairn.version (version) VALUES (0);",
        )
        .execute(&mut *transaction)
        .await
        .map_err(&failed)?;
        0
    };
    if found > newest {
        return Err(SharedError::Newer {
            found,
            known: newest,
        });
    }
    let done = usize::try_from(found).map_err(|_| SharedError::Damaged {
        what: "their version is negative",
    })?;
    for (index, step) in STEPS.iter().enumerate().skip(done) {
        if done > 0 {
            tracing::info!(version = index + 1, "migrating the shared rows");
        }
        sqlx::raw_sql(*step)
            .execute(&mut *transaction)
            .await
            .map_err(&failed)?;
    }
    if found < newest {
        sqlx::query("UPDATE cairn.version SET version = $1")
            .bind(newest)
            .execute(&mut *transaction)
            .await
            .map_err(&failed)?;
    }
    transaction.commit().await.map_err(&failed)
}
