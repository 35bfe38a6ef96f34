//! Accounts in SQLite.

use futures_util::future::BoxFuture;
use rusqlite::{Connection, OptionalExtension as _, Params, Row};

use super::{SharedSqliteRows, failed, now};
use crate::shared::accounts::{check_account_name, from_columns};
use crate::shared::{
    Account, AccountChange, AccountId, AccountRows, Quota, SharedError, page_limit,
};

const ACTION: &str = "read the accounts of";

/// The columns that [`read`] reads.
macro_rules! columns {
    () => {
        "id, name, created, disabled, max_pins, max_bytes, used_pins, used_bytes"
    };
}

fn read(row: &Row<'_>) -> rusqlite::Result<Account> {
    Ok(from_columns(row.try_into()?))
}

fn find(
    connection: &Connection,
    query: &str,
    parameters: impl Params,
) -> Result<Option<Account>, SharedError> {
    connection
        .prepare_cached(query)
        .and_then(|mut statement| statement.query_row(parameters, read).optional())
        .map_err(failed(ACTION))
}

/// Whether a row was changed.
pub(super) fn changed(
    connection: &Connection,
    query: &str,
    parameters: impl Params,
    action: &'static str,
) -> Result<bool, SharedError> {
    connection
        .prepare_cached(query)
        .and_then(|mut statement| statement.execute(parameters))
        .map(|rows| rows > 0)
        .map_err(failed(action))
}

/// Whether a row was refused because of another one.
pub(super) fn refused_by(error: &rusqlite::Error, constraint: i32) -> bool {
    error
        .sqlite_error()
        .is_some_and(|error| error.extended_code == constraint)
}

impl AccountRows for SharedSqliteRows {
    fn create_account_with<'a>(
        &'a self,
        name: &'a str,
        quota: Quota,
    ) -> BoxFuture<'a, Result<Account, SharedError>> {
        Box::pin(async move {
            check_account_name(name)?;
            let name = name.to_owned();
            let (pins, bytes) = quota.columns()?;
            self.writer
                .write(move |connection| {
                    let made = connection
                        .prepare_cached(concat!(
                            "INSERT INTO account (name, max_pins, max_bytes, created) VALUES (?1, ?2, ?3, ",
                            now!(),
                            ") RETURNING ",
                            columns!()
                        ))
                        .and_then(|mut statement| {
                            statement.query_row((&name, pins, bytes), read)
                        });
                    made.map_err(|error| {
                        if refused_by(&error, rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE) {
                            return SharedError::Taken { what: "an account" };
                        }
                        failed("write an account to")(error)
                    })
                })
                .await
        })
    }

    fn account(&self, id: AccountId) -> BoxFuture<'_, Result<Option<Account>, SharedError>> {
        Box::pin(self.read(move |connection| {
            find(
                connection,
                concat!("SELECT ", columns!(), " FROM account WHERE id = ?1"),
                [id.0],
            )
        }))
    }

    fn account_named<'a>(
        &'a self,
        name: &'a str,
    ) -> BoxFuture<'a, Result<Option<Account>, SharedError>> {
        let name = name.to_owned();
        Box::pin(self.read(move |connection| {
            find(
                connection,
                concat!("SELECT ", columns!(), " FROM account WHERE name = ?1"),
                [name],
            )
        }))
    }

    fn accounts(
        &self,
        after: Option<AccountId>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Account>, SharedError>> {
        Box::pin(self.read(move |connection| {
            let parameters = (after.map_or(i64::MIN, |last| last.0), page_limit(limit));
            connection
                .prepare_cached(concat!(
                    "SELECT ",
                    columns!(),
                    " FROM account WHERE id > ?1 ORDER BY id LIMIT ?2"
                ))
                .and_then(|mut statement| statement.query_map(parameters, read)?.collect())
                .map_err(failed(ACTION))
        }))
    }

    fn change_account(
        &self,
        id: AccountId,
        change: AccountChange,
    ) -> BoxFuture<'_, Result<bool, SharedError>> {
        Box::pin(self.writer.write(move |connection| {
            let (pins, bytes) = change.quota.unwrap_or_default().columns()?;
            changed(
                connection,
                "UPDATE account SET disabled = coalesce(?2, disabled),
                 max_pins = CASE WHEN ?3 THEN ?4 ELSE max_pins END, max_bytes = CASE WHEN ?3 THEN ?5 ELSE max_bytes END
                 WHERE id = ?1",
                (id.0, change.disabled, change.quota.is_some(), pins, bytes),
                "write an account to",
            )
        }))
    }

    fn remove_account(&self, id: AccountId) -> BoxFuture<'_, Result<bool, SharedError>> {
        Box::pin(self.writer.write(move |connection| {
            super::pins::release_all(connection, id)?;
            super::uploads::release_all(connection, id)?;
            changed(
                connection,
                "DELETE FROM account WHERE id = ?1",
                [id.0],
                "remove an account from",
            )
        }))
    }
}
