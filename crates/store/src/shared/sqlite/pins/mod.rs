//! Pin requests in SQLite.

mod queue;
pub(super) mod read;
mod write;

use std::time::Duration;

use cairn_primitives::Cid;
use futures_util::future::BoxFuture;
use rusqlite::{Connection, OptionalExtension as _, Params, Row};

pub(super) use self::write::release_all;
use super::accounts::changed;
use super::releases::add as add_release;
use super::{SharedSqliteRows, failed, now};
use crate::shared::millis;
use crate::shared::releases::cid_key;
use crate::shared::{
    AccountId, BackOff, Fenced, Inserted, LeasedPin, NewPin, PinEnd, PinFilter, PinLease, PinPage,
    PinRequest, PinRequestRows, RenewedPin, RequestId, SharedError,
};

const READ: &str = "read the pin requests of";
const WRITE: &str = "write a pin request to";

/// The row of a query that answers at most one.
fn one<T>(
    connection: &Connection,
    query: &str,
    parameters: impl Params,
    read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Option<T>, SharedError> {
    connection
        .prepare_cached(query)
        .and_then(|mut statement| statement.query_row(parameters, read).optional())
        .map_err(failed(READ))
}

/// All rows of a query.
fn all<T>(
    connection: &Connection,
    query: &str,
    parameters: impl Params,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Vec<T>, SharedError> {
    connection
        .prepare_cached(query)
        .and_then(|mut statement| statement.query_map(parameters, read)?.collect())
        .map_err(failed(READ))
}

/// Whether a statement changed anything.
fn write(
    connection: &Connection,
    query: &str,
    parameters: impl Params,
) -> Result<bool, SharedError> {
    changed(connection, query, parameters, WRITE)
}

/// The clock.
fn clock(connection: &Connection) -> Result<i64, SharedError> {
    let now = one(connection, concat!("SELECT ", now!()), [], |row| row.get(0))?;
    now.ok_or(SharedError::Interrupted)
}

impl PinRequestRows for SharedSqliteRows {
    fn insert_pin(&self, new: NewPin) -> BoxFuture<'_, Result<Inserted, SharedError>> {
        Box::pin(async move {
            let columns = new.columns(None)?;
            self.writer
                .write(move |connection| write::insert(connection, new, &columns, None))
                .await
        })
    }

    fn pin_request(
        &self,
        account: AccountId,
        id: RequestId,
    ) -> BoxFuture<'_, Result<Option<PinRequest>, SharedError>> {
        Box::pin(self.read(move |connection| read::find(connection, account, id)))
    }

    fn pin_requests(
        &self,
        account: AccountId,
        filter: PinFilter,
        limit: usize,
    ) -> BoxFuture<'_, Result<PinPage, SharedError>> {
        Box::pin(self.read(move |connection| read::page(connection, account, &filter, limit)))
    }

    fn replace_pin(
        &self,
        id: RequestId,
        new: NewPin,
    ) -> BoxFuture<'_, Result<Option<Inserted>, SharedError>> {
        Box::pin(async move {
            let columns = new.columns(Some(id))?;
            self.writer
                .write(move |connection| write::replace(connection, id, new, &columns))
                .await
        })
    }

    fn delete_pin(
        &self,
        account: AccountId,
        id: RequestId,
    ) -> BoxFuture<'_, Result<bool, SharedError>> {
        Box::pin(
            self.writer
                .write(move |connection| write::delete(connection, account, id)),
        )
    }

    fn lease_pins<'a>(
        &'a self,
        peer: &'a str,
        limit: usize,
        lease: Duration,
    ) -> BoxFuture<'a, Result<Vec<LeasedPin>, SharedError>> {
        let peer = peer.to_owned();
        Box::pin(
            self.writer
                .write(move |connection| queue::lease(connection, &peer, limit, millis(lease))),
        )
    }

    fn renew_pins(
        &self,
        renewed: Vec<RenewedPin>,
        lease: Duration,
    ) -> BoxFuture<'_, Result<Vec<PinLease>, SharedError>> {
        Box::pin(
            self.writer
                .write(move |connection| queue::renew(connection, &renewed, millis(lease))),
        )
    }

    fn start_pin(&self, lease: PinLease) -> BoxFuture<'_, Result<Fenced, SharedError>> {
        Box::pin(
            self.writer
                .write(move |connection| queue::start(connection, lease)),
        )
    }

    fn back_off_pin(
        &self,
        lease: PinLease,
        back_off: BackOff,
    ) -> BoxFuture<'_, Result<Fenced, SharedError>> {
        Box::pin(
            self.writer
                .write(move |connection| queue::back_off(connection, lease, &back_off)),
        )
    }

    fn finish_pin(
        &self,
        lease: PinLease,
        end: PinEnd,
    ) -> BoxFuture<'_, Result<Fenced, SharedError>> {
        Box::pin(
            self.writer
                .write(move |connection| queue::finish(connection, lease, &end)),
        )
    }

    fn abandon_pins<'a>(&'a self, peer: &'a str) -> BoxFuture<'a, Result<u64, SharedError>> {
        let peer = peer.to_owned();
        Box::pin(
            self.writer
                .write(move |connection| queue::abandon(connection, &peer)),
        )
    }

    fn wants_pin<'a>(
        &'a self,
        peer: &'a str,
        cid: &'a Cid,
    ) -> BoxFuture<'a, Result<bool, SharedError>> {
        let (peer, cid) = (peer.to_owned(), cid_key(cid));
        Box::pin(self.read(move |connection| read::wants(connection, &peer, &cid)))
    }

    fn pinned_at<'a>(
        &'a self,
        peer: &'a str,
        after: Option<&'a Cid>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Cid>, SharedError>> {
        let (peer, after) = (peer.to_owned(), after.map(cid_key).unwrap_or_default());
        Box::pin(self.read(move |connection| read::pinned_at(connection, &peer, &after, limit)))
    }

    fn requeue_pins<'a>(
        &'a self,
        peer: &'a str,
        cid: &'a Cid,
    ) -> BoxFuture<'a, Result<u64, SharedError>> {
        let (peer, cid) = (peer.to_owned(), cid_key(cid));
        Box::pin(
            self.writer
                .write(move |connection| queue::requeue(connection, &peer, &cid)),
        )
    }
}
