//! Accounts in PostgreSQL.

use futures_util::future::BoxFuture;

use super::{PostgresRows, again, failed, now};
use crate::shared::accounts::{Columns, check_account_name, from_columns};
use crate::shared::{
    Account, AccountChange, AccountId, AccountRows, Quota, SharedError, page_limit,
};

const READ: &str = "read the accounts of";
const WRITE: &str = "write an account to";

/// The columns of an account.
macro_rules! columns {
    () => {
        "id, name, created, disabled, max_pins, max_bytes, used_pins, used_bytes"
    };
}

impl AccountRows for PostgresRows {
    fn create_account_with<'a>(
        &'a self,
        name: &'a str,
        quota: Quota,
    ) -> BoxFuture<'a, Result<Account, SharedError>> {
        Box::pin(async move {
            check_account_name(name)?;
            let (pins, bytes) = quota.columns()?;
            let made = sqlx::query_as::<_, Columns>(concat!(
                "INSERT INTO cairn.account (name, max_pins, max_bytes, created) VALUES ($1, $2, $3, ",
                now!(),
                ") RETURNING ",
                columns!()
            ))
            .bind(name)
            .bind(pins)
            .bind(bytes)
            .fetch_one(&self.pool)
            .await;
            made.map(from_columns)
                .map_err(|error| match error.as_database_error() {
                    Some(refusal) if refusal.is_unique_violation() => {
                        SharedError::Taken { what: "an account" }
                    }
                    _ => failed(WRITE)(error),
                })
        })
    }

    fn account(&self, id: AccountId) -> BoxFuture<'_, Result<Option<Account>, SharedError>> {
        Box::pin(async move {
            let found = sqlx::query_as::<_, Columns>(concat!(
                "SELECT ",
                columns!(),
                " FROM cairn.account WHERE id = $1"
            ))
            .bind(id.0)
            .fetch_optional(&self.pool)
            .await;
            Ok(found.map_err(failed(READ))?.map(from_columns))
        })
    }

    fn account_named<'a>(
        &'a self,
        name: &'a str,
    ) -> BoxFuture<'a, Result<Option<Account>, SharedError>> {
        Box::pin(async move {
            // PostgreSQL has no such texts, and would call it an error.
            if name.contains('\0') {
                return Ok(None);
            }
            let found = sqlx::query_as::<_, Columns>(concat!(
                "SELECT ",
                columns!(),
                " FROM cairn.account WHERE name = $1"
            ))
            .bind(name)
            .fetch_optional(&self.pool)
            .await;
            Ok(found.map_err(failed(READ))?.map(from_columns))
        })
    }

    fn accounts(
        &self,
        after: Option<AccountId>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Account>, SharedError>> {
        Box::pin(async move {
            let page = sqlx::query_as::<_, Columns>(concat!(
                "SELECT ",
                columns!(),
                " FROM cairn.account WHERE id > $1 ORDER BY id LIMIT $2"
            ))
            .bind(after.map_or(i64::MIN, |last| last.0))
            .bind(page_limit(limit))
            .fetch_all(&self.pool)
            .await;
            Ok(page
                .map_err(failed(READ))?
                .into_iter()
                .map(from_columns)
                .collect())
        })
    }

    fn change_account(
        &self,
        id: AccountId,
        change: AccountChange,
    ) -> BoxFuture<'_, Result<bool, SharedError>> {
        Box::pin(async move {
            let (pins, bytes) = change.quota.unwrap_or_default().columns()?;
            let done = sqlx::query(
                "UPDATE cairn.account SET disabled = coalesce($2, disabled),
                 max_pins = CASE WHEN $3 THEN $4 ELSE max_pins END, max_bytes = CASE WHEN $3 THEN $5 ELSE max_bytes END
                 WHERE id = $1",
            )
            .bind(id.0)
            .bind(change.disabled)
            .bind(change.quota.is_some())
            .bind(pins)
            .bind(bytes)
            .execute(&self.pool)
            .await;
            Ok(done.map_err(failed(WRITE))?.rows_affected() > 0)
        })
    }

    fn remove_account(&self, id: AccountId) -> BoxFuture<'_, Result<bool, SharedError>> {
        Box::pin(async move {
            let failed = failed("remove an account from");
            again(|| async {
                let mut transaction = self.pool.begin().await.map_err(&failed)?;
                super::pins::release_all(&mut transaction, id).await?;
                super::uploads::release_all(&mut transaction, id).await?;
                let done = sqlx::query("DELETE FROM cairn.account WHERE id = $1")
                    .bind(id.0)
                    .execute(&mut *transaction)
                    .await
                    .map_err(&failed)?;
                transaction.commit().await.map_err(&failed)?;
                Ok(done.rows_affected() > 0)
            })
            .await
        })
    }
}
