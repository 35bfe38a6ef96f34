//! Pin requests in PostgreSQL.
//!
//! A transaction that writes for one account locks the account's row first, so that those of one account follow each
//! other. Leasing locks rows of the queue alone, and skips those that others have locked.

mod queue;
mod read;
mod write;

use std::time::Duration;

use cairn_primitives::Cid;
use futures_util::future::BoxFuture;
use sqlx::PgConnection;

pub(super) use self::write::release_all;
use super::releases::add as add_release;
use super::{PostgresRows, again, failed, lock_account, now, transact};
use crate::shared::millis;
use crate::shared::releases::cid_key;
use crate::shared::{
    AccountId, BackOff, Fenced, Inserted, LeasedPin, NewPin, PinEnd, PinFilter, PinLease, PinPage,
    PinRequest, PinRequestRows, RenewedPin, RequestId, SharedError,
};

const READ: &str = "read the pin requests of";
const WRITE: &str = "write a pin request to";

/// Locks the row of an account; `false` if there is none.
async fn lock(connection: &mut PgConnection, account: AccountId) -> Result<bool, SharedError> {
    lock_account(connection, account, WRITE).await
}

impl PinRequestRows for PostgresRows {
    fn insert_pin(&self, new: NewPin) -> BoxFuture<'_, Result<Inserted, SharedError>> {
        Box::pin(async move {
            let columns = new.columns(None)?;
            transact!(self, WRITE, |connection| write::insert(
                connection, &new, &columns, None
            ))
        })
    }

    fn pin_request(
        &self,
        account: AccountId,
        id: RequestId,
    ) -> BoxFuture<'_, Result<Option<PinRequest>, SharedError>> {
        Box::pin(async move {
            let mut connection = self.pool.acquire().await.map_err(failed(READ))?;
            read::find(&mut connection, account, id).await
        })
    }

    fn pin_requests(
        &self,
        account: AccountId,
        filter: PinFilter,
        limit: usize,
    ) -> BoxFuture<'_, Result<PinPage, SharedError>> {
        Box::pin(async move {
            let mut connection = self.pool.acquire().await.map_err(failed(READ))?;
            read::page(&mut connection, account, &filter, limit).await
        })
    }

    fn replace_pin(
        &self,
        id: RequestId,
        new: NewPin,
    ) -> BoxFuture<'_, Result<Option<Inserted>, SharedError>> {
        Box::pin(async move {
            let columns = new.columns(Some(id))?;
            transact!(self, WRITE, |connection| write::replace(
                connection, id, &new, &columns
            ))
        })
    }

    fn delete_pin(
        &self,
        account: AccountId,
        id: RequestId,
    ) -> BoxFuture<'_, Result<bool, SharedError>> {
        Box::pin(async move {
            transact!(self, WRITE, |connection| write::delete(
                connection, account, id
            ))
        })
    }

    fn lease_pins<'a>(
        &'a self,
        peer: &'a str,
        limit: usize,
        lease: Duration,
    ) -> BoxFuture<'a, Result<Vec<LeasedPin>, SharedError>> {
        Box::pin(async move {
            transact!(self, WRITE, |connection| queue::lease(
                connection,
                peer,
                limit,
                millis(lease)
            ))
        })
    }

    fn renew_pins(
        &self,
        renewed: Vec<RenewedPin>,
        lease: Duration,
    ) -> BoxFuture<'_, Result<Vec<PinLease>, SharedError>> {
        Box::pin(async move {
            again(|| async {
                let mut connection = self.pool.acquire().await.map_err(failed(WRITE))?;
                queue::renew(&mut connection, &renewed, millis(lease)).await
            })
            .await
        })
    }

    fn start_pin(&self, lease: PinLease) -> BoxFuture<'_, Result<Fenced, SharedError>> {
        Box::pin(
            async move { transact!(self, WRITE, |connection| queue::start(connection, lease)) },
        )
    }

    fn back_off_pin(
        &self,
        lease: PinLease,
        back_off: BackOff,
    ) -> BoxFuture<'_, Result<Fenced, SharedError>> {
        Box::pin(async move {
            transact!(self, WRITE, |connection| queue::back_off(
                connection, lease, &back_off
            ))
        })
    }

    fn finish_pin(
        &self,
        lease: PinLease,
        end: PinEnd,
    ) -> BoxFuture<'_, Result<Fenced, SharedError>> {
        Box::pin(async move {
            transact!(self, WRITE, |connection| queue::finish(
                connection, lease, &end
            ))
        })
    }

    fn abandon_pins<'a>(&'a self, peer: &'a str) -> BoxFuture<'a, Result<u64, SharedError>> {
        Box::pin(async move {
            let done = sqlx::query(concat!(
                "UPDATE cairn.pin_work SET epoch = epoch + 1, due = ",
                now!(),
                " WHERE turn IS NULL AND peer = $1"
            ))
            .bind(peer)
            .execute(&self.pool)
            .await;
            Ok(done.map_err(failed(WRITE))?.rows_affected())
        })
    }

    fn wants_pin<'a>(
        &'a self,
        peer: &'a str,
        cid: &'a Cid,
    ) -> BoxFuture<'a, Result<bool, SharedError>> {
        Box::pin(async move {
            let mut connection = self.pool.acquire().await.map_err(failed(READ))?;
            read::wants(&mut connection, peer, &cid_key(cid)).await
        })
    }

    fn pinned_at<'a>(
        &'a self,
        peer: &'a str,
        after: Option<&'a Cid>,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Cid>, SharedError>> {
        Box::pin(async move {
            let after = after.map(cid_key).unwrap_or_default();
            let mut connection = self.pool.acquire().await.map_err(failed(READ))?;
            read::pinned_at(&mut connection, peer, &after, limit).await
        })
    }

    fn requeue_pins<'a>(
        &'a self,
        peer: &'a str,
        cid: &'a Cid,
    ) -> BoxFuture<'a, Result<u64, SharedError>> {
        Box::pin(async move {
            transact!(self, WRITE, |connection| queue::requeue(
                connection,
                peer,
                &cid_key(cid)
            ))
        })
    }
}
