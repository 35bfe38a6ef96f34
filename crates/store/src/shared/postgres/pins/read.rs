//! Reading pin requests.

use cairn_primitives::Cid;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::QueryScalar;
use sqlx::{AssertSqlSafe, PgConnection, Postgres, Row as _};

use super::{READ, failed};
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

/// A request that [`columns`] selected.
fn request(row: &PgRow) -> Result<PinRequest, SharedError> {
    fn column<'r, T>(row: &'r PgRow, index: usize) -> Result<T, SharedError>
    where
        T: sqlx::Decode<'r, Postgres> + sqlx::Type<Postgres>,
    {
        row.try_get(index).map_err(failed(READ))
    }
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
        id: RequestId::of(column(row, 0)?, column(row, 1)?)?,
        cid: read_cid(column(row, 2)?)?,
        cid_text: column(row, 3)?,
        name: column(row, 5)?,
        origins: read_origins(column(row, 9)?)?,
        meta: read_meta(column(row, 10)?)?,
        state: PinState::read(column(row, 4)?)?,
        details: column(row, 8)?,
        dag_size: size(6)?,
        raw_size: size(7)?,
        queue,
    })
}

pub(super) async fn find(
    connection: &mut PgConnection,
    account: AccountId,
    id: RequestId,
) -> Result<Option<PinRequest>, SharedError> {
    let found = at(connection, account, &[id.created()]).await?;
    Ok(found.into_iter().find(|found| found.id == id))
}

/// The requests of an account that were made at these times, newest first.
pub(super) async fn at(
    connection: &mut PgConnection,
    account: AccountId,
    created: &[i64],
) -> Result<Vec<PinRequest>, SharedError> {
    let rows = sqlx::query(concat!(
        "SELECT ",
        columns!(),
        " FROM cairn.pin_request p LEFT JOIN cairn.pin_work w ON w.account = p.account AND w.created = p.created
         WHERE p.account = $1 AND p.created = ANY($2) ORDER BY p.created DESC"
    ))
    .bind(account.0)
    .bind(created)
    .fetch_all(connection)
    .await
    .map_err(failed(READ))?;
    rows.iter().map(request).collect()
}

/// A query with its values.
macro_rules! bound {
    ($query:expr, $values:expr) => {{
        let mut query = $query;
        for value in $values {
            query = match value {
                Value::Number(number) => query.bind(number),
                Value::Text(text) => query.bind(text),
                Value::Bytes(bytes) => query.bind(bytes),
            };
        }
        query
    }};
}

pub(super) async fn page(
    connection: &mut PgConnection,
    account: AccountId,
    filter: &PinFilter,
    limit: usize,
) -> Result<PinPage, SharedError> {
    // PostgreSQL has no texts with NUL, and would call one an error.
    if let Some((name, _)) = &filter.name
        && name.contains('\0')
    {
        return Ok(PinPage {
            count: 0,
            pins: Vec::new(),
        });
    }
    let Selection { count, page } = Selection::new(Dialect::Postgres, account, filter, limit);
    // One snapshot for the number and the page.
    let mut snapshot = sqlx::Connection::begin_with(
        connection,
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
    )
    .await
    .map_err(failed(READ))?;
    let query: QueryScalar<'_, Postgres, i64, PgArguments> =
        sqlx::query_scalar(AssertSqlSafe(count.sql));
    let count = bound!(query, count.values)
        .fetch_one(&mut *snapshot)
        .await
        .map_err(failed(READ))?;
    let query: QueryScalar<'_, Postgres, i64, PgArguments> =
        sqlx::query_scalar(AssertSqlSafe(page.sql));
    let page = bound!(query, page.values)
        .fetch_all(&mut *snapshot)
        .await
        .map_err(failed(READ))?;
    let pins = if page.is_empty() {
        Vec::new()
    } else {
        at(&mut snapshot, account, &page).await?
    };
    snapshot.commit().await.map_err(failed(READ))?;
    Ok(PinPage {
        count: unsigned(count)?,
        pins,
    })
}

pub(super) async fn wants(
    connection: &mut PgConnection,
    peer: &str,
    cid: &[u8],
) -> Result<bool, SharedError> {
    sqlx::query_scalar(
        "SELECT EXISTS (
             SELECT 1 FROM cairn.pin_request p
             LEFT JOIN cairn.pin_work w ON w.account = p.account AND w.created = p.created
             WHERE p.cid = $2 AND (p.peer = $1 OR w.peer = $1)
         ) OR EXISTS (SELECT 1 FROM cairn.pin_work WHERE keep_cid = $2 AND keep_peer = $1)",
    )
    .bind(peer)
    .bind(cid)
    .fetch_one(connection)
    .await
    .map_err(failed(READ))
}

pub(super) async fn pinned_at(
    connection: &mut PgConnection,
    peer: &str,
    after: &[u8],
    limit: usize,
) -> Result<Vec<Cid>, SharedError> {
    let page: Vec<Vec<u8>> = sqlx::query_scalar(
        "SELECT DISTINCT cid FROM cairn.pin_request WHERE cid > $2 AND peer = $1 ORDER BY cid LIMIT $3",
    )
    .bind(peer)
    .bind(after)
    .bind(page_limit(limit))
    .fetch_all(connection)
    .await
    .map_err(failed(READ))?;
    page.iter().map(|cid| read_cid(cid)).collect()
}
