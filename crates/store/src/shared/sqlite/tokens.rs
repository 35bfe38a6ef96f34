//! Tokens in SQLite.

use futures_util::future::BoxFuture;
use rusqlite::ffi::{SQLITE_CONSTRAINT_FOREIGNKEY, SQLITE_CONSTRAINT_UNIQUE};
use rusqlite::{Connection, Row};

use super::accounts::{changed, refused_by};
use super::{SharedSqliteRows, failed, now};
use crate::shared::tokens::{TokenRow, scopes, unsigned};
use crate::shared::{
    AccountId, NewToken, Scopes, SharedError, Token, TokenHash, TokenId, TokenRefusal, TokenRows,
    page_limit,
};

const READ: &str = "read the tokens of";
const WRITE: &str = "write a token to";

/// The columns that [`read`] reads.
macro_rules! columns {
    () => {
        "token.id, account, token.name, scopes, token.created, expires, max_uses, used, revoked"
    };
}

fn read(row: &Row<'_>) -> Result<Token, SharedError> {
    fn column<T: rusqlite::types::FromSql>(row: &Row<'_>, index: usize) -> Result<T, SharedError> {
        row.get(index).map_err(failed(READ))
    }
    let max_uses: Option<i64> = column(row, 6)?;
    Ok(Token {
        id: TokenId(column(row, 0)?),
        account: AccountId(column(row, 1)?),
        name: column(row, 2)?,
        scopes: scopes(column(row, 3)?)?,
        created: column(row, 4)?,
        expires: column(row, 5)?,
        max_uses: max_uses.map(unsigned).transpose()?,
        used: unsigned(column(row, 7)?)?,
        revoked: column(row, 8)?,
    })
}

fn find(
    connection: &Connection,
    hash: &TokenHash,
    needed: Scopes,
) -> Result<Result<Token, TokenRefusal>, SharedError> {
    let mut statement = connection
        .prepare_cached(concat!(
            "SELECT ",
            columns!(),
            ", disabled, ",
            now!(),
            " FROM token JOIN account ON account.id = token.account WHERE hash = ?1"
        ))
        .map_err(failed(READ))?;
    let mut rows = statement.query([hash.0]).map_err(failed(READ))?;
    let Some(row) = rows.next().map_err(failed(READ))? else {
        return Ok(Err(TokenRefusal::Unknown));
    };
    let found = TokenRow {
        token: read(row)?,
        disabled: row.get(9).map_err(failed(READ))?,
        now: row.get(10).map_err(failed(READ))?,
    };
    Ok(found.accept(needed))
}

impl TokenRows for SharedSqliteRows {
    fn create_token(&self, new: NewToken) -> BoxFuture<'_, Result<Token, SharedError>> {
        Box::pin(async move {
            let columns = new.columns()?;
            self.writer
                .write(move |connection| {
                    let mut statement = connection
                        .prepare_cached(concat!(
                            "INSERT INTO token (account, name, scopes, hash, created, expires, max_uses)
                             SELECT ?1, ?2, ?3, ?4, now, now + ?5, ?6 FROM (SELECT ",
                            now!(),
                            " AS now) RETURNING ",
                            "id, account, name, scopes, created, expires, max_uses, used, revoked"
                        ))
                        .map_err(failed(WRITE))?;
                    let refused = |error: rusqlite::Error| {
                        if refused_by(&error, SQLITE_CONSTRAINT_UNIQUE) {
                            SharedError::Taken { what: "a token" }
                        } else if refused_by(&error, SQLITE_CONSTRAINT_FOREIGNKEY) {
                            SharedError::Missing { what: "account" }
                        } else {
                            failed(WRITE)(error)
                        }
                    };
                    let parameters = (
                        new.account.0,
                        &new.name,
                        new.scopes.0,
                        new.hash.0,
                        columns.lifetime,
                        columns.max_uses,
                    );
                    let mut rows = statement.query(parameters).map_err(refused)?;
                    let made = rows.next().map_err(refused)?.map(read);
                    // Foreign keys are checked at the end of the statement.
                    rows.next().map_err(refused)?;
                    made.unwrap_or(Err(SharedError::Missing { what: "account" }))
                })
                .await
        })
    }

    fn use_token(
        &self,
        hash: TokenHash,
        needed: Scopes,
    ) -> BoxFuture<'_, Result<Result<Token, TokenRefusal>, SharedError>> {
        Box::pin(async move {
            let found = self
                .read_row(move |connection| find(connection, &hash, needed))
                .await?;
            match found {
                Ok(token) if token.max_uses.is_some() => {}
                // Most tokens have no limit, and need no write.
                other => return Ok(other),
            }
            self.writer
                .write(move |connection| {
                    // Again where nobody else writes.
                    let mut token = match find(connection, &hash, needed)? {
                        Ok(token) => token,
                        Err(refusal) => return Ok(Err(refusal)),
                    };
                    changed(
                        connection,
                        "UPDATE token SET used = used + 1 WHERE id = ?1",
                        [token.id.0],
                        WRITE,
                    )?;
                    token.used += 1;
                    Ok(Ok(token))
                })
                .await
        })
    }

    fn token_named<'a>(
        &'a self,
        account: AccountId,
        name: &'a str,
    ) -> BoxFuture<'a, Result<Option<Token>, SharedError>> {
        let name = name.to_owned();
        Box::pin(self.read(move |connection| {
            let mut statement = connection
                .prepare_cached(concat!(
                    "SELECT ",
                    columns!(),
                    " FROM token WHERE account = ?1 AND name = ?2 AND revoked IS NULL"
                ))
                .map_err(failed(READ))?;
            let mut rows = statement.query((account.0, name)).map_err(failed(READ))?;
            rows.next().map_err(failed(READ))?.map(read).transpose()
        }))
    }

    fn tokens(
        &self,
        account: AccountId,
        after: Option<TokenId>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Token>, SharedError>> {
        Box::pin(self.read(move |connection| {
            let mut statement = connection
                .prepare_cached(concat!(
                    "SELECT ",
                    columns!(),
                    " FROM token WHERE account = ?1 AND token.id > ?2 ORDER BY token.id LIMIT ?3"
                ))
                .map_err(failed(READ))?;
            let parameters = (
                account.0,
                after.map_or(i64::MIN, |last| last.0),
                page_limit(limit),
            );
            let mut rows = statement.query(parameters).map_err(failed(READ))?;
            let mut page = Vec::new();
            while let Some(row) = rows.next().map_err(failed(READ))? {
                page.push(read(row)?);
            }
            Ok(page)
        }))
    }

    fn revoke_token(
        &self,
        account: AccountId,
        id: TokenId,
    ) -> BoxFuture<'_, Result<bool, SharedError>> {
        Box::pin(self.writer.write(move |connection| {
            changed(
                connection,
                concat!(
                    "UPDATE token SET revoked = ",
                    now!(),
                    " WHERE account = ?1 AND id = ?2 AND revoked IS NULL"
                ),
                (account.0, id.0),
                WRITE,
            )
        }))
    }
}
