//! Users of the REST API, and the secret of the peers.

use rusqlite::{Connection, OptionalExtension as _, Row};

use super::{READ, WRITE};
use crate::shared::cluster::ClusterUser;
use crate::shared::sqlite::accounts::changed;
use crate::shared::sqlite::{failed, now};
use crate::shared::{SharedError, page_limit};

fn read(row: &Row<'_>) -> rusqlite::Result<ClusterUser> {
    Ok(ClusterUser {
        name: row.get(0)?,
        hash: row.get(1)?,
        secret: row.get(2)?,
        created: row.get(3)?,
    })
}

pub(super) fn shared_secret(
    connection: &Connection,
    proposed: [u8; 32],
) -> Result<Vec<u8>, SharedError> {
    connection
        .query_row(
            "UPDATE cluster_state SET secret = coalesce(secret, ?1) RETURNING secret",
            [proposed],
            |row| row.get(0),
        )
        .map_err(failed(WRITE))
}

pub(super) fn set(
    connection: &Connection,
    name: &str,
    hash: &str,
    secret: [u8; 32],
) -> Result<ClusterUser, SharedError> {
    connection
        .prepare_cached(concat!(
            "INSERT INTO cluster_user (name, hash, secret, created) VALUES (?1, ?2, ?3, ",
            now!(),
            ") ON CONFLICT (name) DO UPDATE
             SET hash = excluded.hash, secret = excluded.secret, created = excluded.created
             RETURNING name, hash, secret, created"
        ))
        .and_then(|mut statement| statement.query_row((name, hash, secret), read))
        .map_err(failed(WRITE))
}

pub(super) fn one(connection: &Connection, name: &str) -> Result<Option<ClusterUser>, SharedError> {
    connection
        .prepare_cached("SELECT name, hash, secret, created FROM cluster_user WHERE name = ?1")
        .and_then(|mut statement| statement.query_row([name], read).optional())
        .map_err(failed(READ))
}

pub(super) fn page(
    connection: &Connection,
    after: &str,
    limit: usize,
) -> Result<Vec<ClusterUser>, SharedError> {
    connection
        .prepare_cached(
            "SELECT name, hash, secret, created FROM cluster_user WHERE name > ?1 ORDER BY name LIMIT ?2",
        )
        .and_then(|mut statement| statement.query_map((after, page_limit(limit)), read)?.collect())
        .map_err(failed(READ))
}

pub(super) fn remove(connection: &Connection, name: &str) -> Result<bool, SharedError> {
    changed(
        connection,
        "DELETE FROM cluster_user WHERE name = ?1",
        [name],
        WRITE,
    )
}
