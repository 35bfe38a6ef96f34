//! Releases in PostgreSQL.

use cairn_primitives::Cid;
use futures_util::future::BoxFuture;
use sqlx::PgConnection;

use super::{PostgresRows, again, failed};
use crate::shared::releases::{cid_key, read_cid};
use crate::shared::{Release, ReleaseRows, SharedError, page_limit};

const READ: &str = "read the releases of";
const WRITE: &str = "write a release to";

/// Adds a release in a transaction of its caller.
pub(super) async fn add(
    connection: &mut PgConnection,
    peer: &str,
    cid: &[u8],
) -> Result<(), SharedError> {
    sqlx::query(
        "INSERT INTO cairn.release (peer, cid) VALUES ($1, $2)
         ON CONFLICT (peer, cid) DO UPDATE SET id = nextval('cairn.release_id')",
    )
    .bind(peer)
    .bind(cid)
    .execute(connection)
    .await
    .map(drop)
    .map_err(failed(WRITE))
}

impl ReleaseRows for PostgresRows {
    fn add_release<'a>(
        &'a self,
        peer: &'a str,
        cid: &'a Cid,
    ) -> BoxFuture<'a, Result<(), SharedError>> {
        Box::pin(async move {
            let key = cid_key(cid);
            again(|| async {
                let mut connection = self.pool.acquire().await.map_err(failed(WRITE))?;
                add(&mut connection, peer, &key).await
            })
            .await
        })
    }

    fn releases<'a>(
        &'a self,
        peer: &'a str,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Release>, SharedError>> {
        Box::pin(async move {
            let page: Vec<(i64, Vec<u8>)> = sqlx::query_as(
                "SELECT id, cid FROM cairn.release WHERE peer = $1 ORDER BY id LIMIT $2",
            )
            .bind(peer)
            .bind(page_limit(limit))
            .fetch_all(&self.pool)
            .await
            .map_err(failed(READ))?;
            page.into_iter()
                .map(|(id, cid)| {
                    let cid = read_cid(&cid)?;
                    Ok(Release { id, cid })
                })
                .collect()
        })
    }

    fn finish_release(&self, id: i64) -> BoxFuture<'_, Result<bool, SharedError>> {
        Box::pin(async move {
            let done = sqlx::query("DELETE FROM cairn.release WHERE id = $1")
                .bind(id)
                .execute(&self.pool)
                .await;
            Ok(done.map_err(failed(WRITE))?.rows_affected() > 0)
        })
    }
}
