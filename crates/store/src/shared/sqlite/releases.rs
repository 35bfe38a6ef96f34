//! Releases in SQLite.

use cairn_primitives::Cid;
use futures_util::future::BoxFuture;
use rusqlite::Connection;

use super::accounts::changed;
use super::{SharedSqliteRows, failed};
use crate::shared::releases::{cid_key, read_cid};
use crate::shared::{Release, ReleaseRows, SharedError, page_limit};

const READ: &str = "read the releases of";
const WRITE: &str = "write a release to";

/// Adds a release in a transaction of its caller.
pub(super) fn add(connection: &Connection, peer: &str, cid: &[u8]) -> Result<(), SharedError> {
    // The replaced row's id is not used again.
    changed(
        connection,
        "INSERT OR REPLACE INTO release (peer, cid) VALUES (?1, ?2)",
        (peer, cid),
        WRITE,
    )
    .map(drop)
}

impl ReleaseRows for SharedSqliteRows {
    fn add_release<'a>(
        &'a self,
        peer: &'a str,
        cid: &'a Cid,
    ) -> BoxFuture<'a, Result<(), SharedError>> {
        let (peer, cid) = (peer.to_owned(), cid_key(cid));
        Box::pin(
            self.writer
                .write(move |connection| add(connection, &peer, &cid)),
        )
    }

    fn releases<'a>(
        &'a self,
        peer: &'a str,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Release>, SharedError>> {
        let peer = peer.to_owned();
        Box::pin(self.read(move |connection| {
            let mut statement = connection
                .prepare_cached("SELECT id, cid FROM release WHERE peer = ?1 ORDER BY id LIMIT ?2")
                .map_err(failed(READ))?;
            let mut rows = statement
                .query((peer, page_limit(limit)))
                .map_err(failed(READ))?;
            let mut page = Vec::new();
            while let Some(row) = rows.next().map_err(failed(READ))? {
                let cid: Vec<u8> = row.get(1).map_err(failed(READ))?;
                page.push(Release {
                    id: row.get(0).map_err(failed(READ))?,
                    cid: read_cid(&cid)?,
                });
            }
            Ok(page)
        }))
    }

    fn finish_release(&self, id: i64) -> BoxFuture<'_, Result<bool, SharedError>> {
        Box::pin(self.writer.write(move |connection| {
            changed(connection, "DELETE FROM release WHERE id = ?1", [id], WRITE)
        }))
    }
}
