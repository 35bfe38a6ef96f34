//! Reading pin requests.

use cairn_primitives::Cid;
use rusqlite::types::ToSqlOutput;
use rusqlite::{Connection, Row, ToSql, params_from_iter};

use super::{READ, all, failed, one};
use crate::shared::pins::{Dialect, Selection, Value, read_meta, read_origins, unsigned};
use crate::shared::releases::read_cid;
use crate::shared::{
    AccountId, PinFilter, PinPage, PinProgress, PinRequest, PinState, RequestId, SharedError,
    page_limit,
};

/// The columns that [`request`] reads, of `pin_request p` and `pin_work w`.
macro_rules! columns {
    () => {
        "p.created, p.random, p.cid, p.cid_text, p.status, p.name, p.dag_size, p.raw_size, p.details, p.origins, p.meta,
         w.attempts, w.blocks, w.bytes, w.details, CASE WHEN w.turn IS NULL AND w.peer IS NULL THEN w.due END"
    };
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match self {
            Self::Number(number) => number.to_sql(),
            Self::Text(text) => text.to_sql(),
            Self::Bytes(bytes) => bytes.to_sql(),
        }
    }
}

/// A request that [`columns`] selected.
fn request(row: &Row<'_>) -> Result<PinRequest, SharedError> {
    fn column<T: rusqlite::types::FromSql>(row: &Row<'_>, index: usize) -> Result<T, SharedError> {
        row.get(index).map_err(failed(READ))
    }
    let random: Vec<u8> = column(row, 1)?;
    let cid: Vec<u8> = column(row, 2)?;
    let size = |index| column::<Option<i64>>(row, index)?.map(unsigned).transpose();
    let queue = match column::<Option<i64>>(row, 11)? {
        None => None,
        Some(attempts) => Some(PinProgress {
            attempts: unsigned(attempts)?,
            next: column(row, 15)?,
            blocks: unsigned(column(row, 12)?)?,
            bytes: unsigned(column(row, 13)?)?,
            details: column(row, 14)?,
        }),
    };
    Ok(PinRequest {
        id: RequestId::of(column(row, 0)?, &random)?,
        cid: read_cid(&cid)?,
        cid_text: column(row, 3)?,
        name: column(row, 5)?,
        origins: read_origins(column::<Option<String>>(row, 9)?.as_deref())?,
        meta: read_meta(column::<Option<String>>(row, 10)?.as_deref())?,
        state: PinState::read(column(row, 4)?)?,
        details: column(row, 8)?,
        dag_size: size(6)?,
        raw_size: size(7)?,
        queue,
    })
}

pub(super) fn find(
    connection: &Connection,
    account: AccountId,
    id: RequestId,
) -> Result<Option<PinRequest>, SharedError> {
    let found = at(connection, account, id.created())?;
    Ok(found.filter(|found| found.id == id))
}

/// The request of an account that was made at this time.
pub(super) fn at(
    connection: &Connection,
    account: AccountId,
    created: i64,
) -> Result<Option<PinRequest>, SharedError> {
    one(
        connection,
        concat!(
            "SELECT ",
            columns!(),
            " FROM pin_request p LEFT JOIN pin_work w ON w.account = p.account AND w.created = p.created
             WHERE p.account = ?1 AND p.created = ?2"
        ),
        (account.0, created),
        |row| Ok(request(row)),
    )?
    .transpose()
}

pub(super) fn page(
    connection: &Connection,
    account: AccountId,
    filter: &PinFilter,
    limit: usize,
) -> Result<PinPage, SharedError> {
    let selection = Selection::new(Dialect::Sqlite, account, filter, limit);
    // One snapshot for the number and the page.
    let snapshot = connection.unchecked_transaction().map_err(failed(READ))?;
    let count = one(
        &snapshot,
        &selection.count.sql,
        params_from_iter(&selection.count.values),
        |row| row.get(0),
    )?;
    let page: Vec<i64> = all(
        &snapshot,
        &selection.page.sql,
        params_from_iter(&selection.page.values),
        |row| row.get(0),
    )?;
    let mut pins = Vec::with_capacity(page.len());
    for created in page {
        pins.extend(at(&snapshot, account, created)?);
    }
    Ok(PinPage {
        count: unsigned(count.unwrap_or(0))?,
        pins,
    })
}

pub(in crate::shared::sqlite) fn wants(
    connection: &Connection,
    peer: &str,
    cid: &[u8],
) -> Result<bool, SharedError> {
    let found = one(
        connection,
        "SELECT EXISTS (
             SELECT 1 FROM pin_request p LEFT JOIN pin_work w ON w.account = p.account AND w.created = p.created
             WHERE p.cid = ?2 AND (p.peer = ?1 OR w.peer = ?1)
         ) OR EXISTS (SELECT 1 FROM pin_work WHERE keep_cid = ?2 AND keep_peer = ?1)",
        (peer, cid),
        |row| row.get(0),
    )?;
    Ok(found.unwrap_or(false))
}

pub(super) fn pinned_at(
    connection: &Connection,
    peer: &str,
    after: &[u8],
    limit: usize,
) -> Result<Vec<Cid>, SharedError> {
    let page: Vec<Vec<u8>> = all(
        connection,
        "SELECT DISTINCT cid FROM pin_request WHERE cid > ?2 AND peer = ?1 ORDER BY cid LIMIT ?3",
        (peer, after, page_limit(limit)),
        |row| row.get(0),
    )?;
    page.iter().map(|cid| read_cid(cid)).collect()
}
