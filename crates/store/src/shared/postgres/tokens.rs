//! Tokens in PostgreSQL.

use futures_util::future::BoxFuture;
use sqlx::Row as _;
use sqlx::postgres::PgRow;

use super::{PostgresRows, failed, now};
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
        "t.id, t.account, t.name, t.scopes, t.created, t.expires, t.max_uses, t.used, t.revoked"
    };
}

fn read(row: &PgRow) -> Result<Token, SharedError> {
    fn column<'r, T>(row: &'r PgRow, index: usize) -> Result<T, SharedError>
    where
        T: sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres>,
    {
        row.try_get(index).map_err(failed(READ))
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

impl PostgresRows {
    async fn find(
        &self,
        hash: &TokenHash,
        needed: Scopes,
    ) -> Result<Result<Token, TokenRefusal>, SharedError> {
        let row = sqlx::query(concat!(
            "SELECT ",
            columns!(),
            ", a.disabled, ",
            now!(),
            " FROM cairn.token t JOIN cairn.account a ON a.id = t.account WHERE t.hash = $1"
        ))
        .bind(&hash.0[..])
        .fetch_optional(&self.pool)
        .await
        .map_err(failed(READ))?;
        let Some(row) = row else {
            return Ok(Err(TokenRefusal::Unknown));
        };
        let found = TokenRow {
            token: read(&row)?,
            disabled: row.try_get(9).map_err(failed(READ))?,
            now: row.try_get(10).map_err(failed(READ))?,
        };
        Ok(found.accept(needed))
    }
}

impl TokenRows for PostgresRows {
    fn create_token(&self, new: NewToken) -> BoxFuture<'_, Result<Token, SharedError>> {
        Box::pin(async move {
            let columns = new.columns()?;
            let made = sqlx::query(concat!(
                "INSERT INTO cairn.token AS t (account, name, scopes, hash, created, expires, max_uses)
                 SELECT $1, $2, $3, $4, now, now + $5, $6 FROM (SELECT ",
                now!(),
                " AS now) clock RETURNING ",
                columns!()
            ))
            .bind(new.account.0)
            .bind(&new.name)
            .bind(i64::from(new.scopes.0))
            .bind(&new.hash.0[..])
            .bind(columns.lifetime)
            .bind(columns.max_uses)
            .fetch_one(&self.pool)
            .await;
            match made {
                Ok(row) => read(&row),
                Err(error) => Err(match error.as_database_error() {
                    Some(refusal) if refusal.is_unique_violation() => {
                        SharedError::Taken { what: "a token" }
                    }
                    Some(refusal) if refusal.is_foreign_key_violation() => {
                        SharedError::Missing { what: "account" }
                    }
                    _ => failed(WRITE)(error),
                }),
            }
        })
    }

    fn use_token(
        &self,
        hash: TokenHash,
        needed: Scopes,
    ) -> BoxFuture<'_, Result<Result<Token, TokenRefusal>, SharedError>> {
        Box::pin(async move {
            let found = self.find(&hash, needed).await?;
            match &found {
                Ok(token) if token.max_uses.is_some() => {}
                // Most tokens have no limit, and need no write.
                _ => return Ok(found),
            }
            let counted = sqlx::query(concat!(
                "UPDATE cairn.token t SET used = t.used + 1 FROM cairn.account a
                 WHERE t.hash = $1 AND a.id = t.account AND NOT a.disabled AND t.revoked IS NULL
                 AND t.used < t.max_uses AND (t.expires IS NULL OR t.expires > ",
                now!(),
                ") RETURNING ",
                columns!()
            ))
            .bind(&hash.0[..])
            .fetch_optional(&self.pool)
            .await
            .map_err(failed(WRITE))?;
            match counted {
                Some(row) => Ok(Ok(read(&row)?)),
                // Somebody was quicker: it says now why not.
                None => Ok(self
                    .find(&hash, needed)
                    .await?
                    .and(Err(TokenRefusal::Spent))),
            }
        })
    }

    fn token_named<'a>(
        &'a self,
        account: AccountId,
        name: &'a str,
    ) -> BoxFuture<'a, Result<Option<Token>, SharedError>> {
        Box::pin(async move {
            // PostgreSQL has no such texts, and would call it an error.
            if name.contains('\0') {
                return Ok(None);
            }
            let found = sqlx::query(concat!(
                "SELECT ",
                columns!(),
                " FROM cairn.token t WHERE t.account = $1 AND t.name = $2 AND t.revoked IS NULL"
            ))
            .bind(account.0)
            .bind(name)
            .fetch_optional(&self.pool)
            .await
            .map_err(failed(READ))?;
            found.as_ref().map(read).transpose()
        })
    }

    fn tokens(
        &self,
        account: AccountId,
        after: Option<TokenId>,
        limit: usize,
    ) -> BoxFuture<'_, Result<Vec<Token>, SharedError>> {
        Box::pin(async move {
            let page = sqlx::query(concat!(
                "SELECT ",
                columns!(),
                " FROM cairn.token t WHERE t.account = $1 AND t.id > $2 ORDER BY t.id LIMIT $3"
            ))
            .bind(account.0)
            .bind(after.map_or(i64::MIN, |last| last.0))
            .bind(page_limit(limit))
            .fetch_all(&self.pool)
            .await
            .map_err(failed(READ))?;
            page.iter().map(read).collect()
        })
    }

    fn revoke_token(
        &self,
        account: AccountId,
        id: TokenId,
    ) -> BoxFuture<'_, Result<bool, SharedError>> {
        Box::pin(async move {
            let done = sqlx::query(concat!(
                "UPDATE cairn.token SET revoked = ",
                now!(),
                " WHERE account = $1 AND id = $2 AND revoked IS NULL"
            ))
            .bind(account.0)
            .bind(id.0)
            .execute(&self.pool)
            .await;
            Ok(done.map_err(failed(WRITE))?.rows_affected() > 0)
        })
    }
}
