//! Users of the REST API, and the secret of the peers.

use sqlx::postgres::PgPool;

use super::{READ, WRITE};
use crate::shared::cluster::ClusterUser;
use crate::shared::postgres::{failed, now};
use crate::shared::{SharedError, page_limit};

type Columns = (String, String, Vec<u8>, i64);

fn read((name, hash, secret, created): Columns) -> ClusterUser {
    ClusterUser {
        name,
        hash,
        secret,
        created,
    }
}

pub(super) async fn shared_secret(
    pool: &PgPool,
    proposed: [u8; 32],
) -> Result<Vec<u8>, SharedError> {
    let (secret,) = sqlx::query_as(
        "UPDATE cairn.cluster_state SET secret = coalesce(secret, $1) RETURNING secret",
    )
    .bind(&proposed[..])
    .fetch_one(pool)
    .await
    .map_err(failed(WRITE))?;
    Ok(secret)
}

pub(super) async fn set(
    pool: &PgPool,
    name: &str,
    hash: &str,
    secret: [u8; 32],
) -> Result<ClusterUser, SharedError> {
    sqlx::query_as::<_, Columns>(concat!(
        "INSERT INTO cairn.cluster_user (name, hash, secret, created) VALUES ($1, $2, $3, ",
        now!(),
        ") ON CONFLICT (name) DO UPDATE
         SET hash = excluded.hash, secret = excluded.secret, created = excluded.created
         RETURNING name, hash, secret, created"
    ))
    .bind(name)
    .bind(hash)
    .bind(&secret[..])
    .fetch_one(pool)
    .await
    .map(read)
    .map_err(failed(WRITE))
}

pub(super) async fn one(pool: &PgPool, name: &str) -> Result<Option<ClusterUser>, SharedError> {
    // PostgreSQL has no such texts, and would call it an error.
    if name.contains('\0') {
        return Ok(None);
    }
    let found = sqlx::query_as::<_, Columns>(
        "SELECT name, hash, secret, created FROM cairn.cluster_user WHERE name = $1",
    )
    .bind(name)
    .fetch_optional(pool)
    .await;
    Ok(found.map_err(failed(READ))?.map(read))
}

pub(super) async fn page(
    pool: &PgPool,
    after: &str,
    limit: usize,
) -> Result<Vec<ClusterUser>, SharedError> {
    let page = sqlx::query_as::<_, Columns>(
        "SELECT name, hash, secret, created FROM cairn.cluster_user
         WHERE name COLLATE \"C\" > $1 ORDER BY name COLLATE \"C\" LIMIT $2",
    )
    .bind(after)
    .bind(page_limit(limit))
    .fetch_all(pool)
    .await;
    Ok(page.map_err(failed(READ))?.into_iter().map(read).collect())
}

pub(super) async fn remove(pool: &PgPool, name: &str) -> Result<bool, SharedError> {
    if name.contains('\0') {
        return Ok(false);
    }
    let done = sqlx::query("DELETE FROM cairn.cluster_user WHERE name = $1")
        .bind(name)
        .execute(pool)
        .await;
    Ok(done.map_err(failed(WRITE))?.rows_affected() > 0)
}
