//! Shared rows: data of many users, which several processes can share.
//!
//! `Database.URL` selects the database: a SQLite file by default, PostgreSQL for several machines. One trait per
//! table group, [`SharedRows`] for all of them; each group has a file here, in every dialect (`sqlite/`, `postgres/`)
//! and in [`conformance`]. Every dialect has its own migrations with the same numbers. Only the database's clock
//! counts.

mod accounts;
mod cluster;
pub mod conformance;
mod copy;
mod error;
mod pins;
mod postgres;
mod releases;
mod secrets;
mod sqlite;
mod tokens;
mod uploads;
mod url;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;

pub use self::accounts::{Account, AccountChange, AccountId, AccountRows, Quota, Usage};
pub use self::cluster::{
    Claimed, ClusterMetric, ClusterPeer, ClusterPin, ClusterPins, ClusterRows, ClusterUser, Expiry,
    Holding, HoldingStatus, Lease, MAX_METRICS, MAX_PEERS, NewClusterPin, NewMetric, Outcome,
    PeerState, Peers, PinKind, PinKinds, PinListing, PinStatusRow, Placement, Removal, Renewal,
    Statuses,
};
pub use self::copy::{CopiedTable, CopyError, copy};
pub use self::error::SharedError;
pub use self::pins::{
    BackOff, BadRequestId, Fenced, Idempotency, Inserted, LeasedPin, MAX_PIN_NAME, NameMatch,
    NewPin, PinEnd, PinFilter, PinLease, PinPage, PinProgress, PinRequest, PinRequestRows,
    PinState, RenewedPin, RequestId,
};
pub use self::postgres::PostgresRows;
pub use self::releases::{Release, ReleaseRows};
pub use self::secrets::SecretRows;
pub use self::sqlite::{SharedSqliteRows, simulate};
pub use self::tokens::{NewToken, Scopes, Token, TokenHash, TokenId, TokenRefusal, TokenRows};
pub use self::uploads::{
    MAX_UPLOAD_NAME, MAX_UPLOAD_PARTS, NewUpload, NewUploadPart, PartialUpload, Upload,
    UploadCheck, UploadPage, UploadPart, UploadRows, UploadStatus,
};
pub use self::url::DatabaseUrl;

/// Maximum number of rows of one page; larger limits are reduced to it.
pub const MAX_PAGE: usize = 1_000;

/// Milliseconds since 1970, by the clock of the database.
pub type Millis = i64;

/// All table groups in one database. Writes are durable when they return.
///
/// A write whose future is dropped early may or may not take place.
pub trait SharedRows:
    AccountRows + TokenRows + SecretRows + ClusterRows + ReleaseRows + PinRequestRows + UploadRows
{
    /// The clock of the database.
    fn now(&self) -> BoxFuture<'_, Result<Millis, SharedError>>;

    /// The id of the database, which a copy of it has as well.
    fn identity(&self) -> BoxFuture<'_, Result<String, SharedError>>;

    /// Whether other processes may use the rows at the same time.
    fn is_shared(&self) -> bool;

    /// Waits for writers and closes.
    fn close(&self) -> BoxFuture<'_, Result<(), SharedError>>;
}

/// Opens the shared rows of a URL, and migrates them to the newest version. A relative path is relative to `folder`.
///
/// # Errors
/// When the database cannot be reached or opened, or is of a newer program.
pub async fn open(url: &DatabaseUrl, folder: &Path) -> Result<Arc<dyn SharedRows>, SharedError> {
    Ok(match url {
        DatabaseUrl::Sqlite(path) => SharedSqliteRows::open(folder.join(path)).await?,
        DatabaseUrl::Postgres(options) => PostgresRows::open((**options).clone()).await?,
    })
}

/// As [`open`], but a PostgreSQL database that cannot be reached now is connected to when it can be; until then
/// operations fail with [`SharedError::Unreachable`].
///
/// # Errors
/// As [`open`], except for an unreachable PostgreSQL database.
pub async fn open_or_wait(
    url: &DatabaseUrl,
    folder: &Path,
) -> Result<Arc<dyn SharedRows>, SharedError> {
    Ok(match url {
        DatabaseUrl::Sqlite(path) => SharedSqliteRows::open(folder.join(path)).await?,
        DatabaseUrl::Postgres(options) => PostgresRows::open_or_wait((**options).clone()).await?,
    })
}

/// Maximum length of the name of an account or a token, in bytes.
pub const MAX_NAME: usize = 255;

/// Refuses names that a dialect could not keep, or that nobody could type.
fn check_name(name: &str) -> Result<(), SharedError> {
    let reason = if name.is_empty() {
        "is empty"
    } else if name.len() > MAX_NAME {
        "is longer than 255 bytes"
    } else if name.chars().any(char::is_control) {
        "has control characters"
    } else {
        return Ok(());
    };
    Err(SharedError::BadName { reason })
}

/// The size of a page as the databases take it.
fn page_limit(limit: usize) -> i64 {
    i64::try_from(limit.min(MAX_PAGE)).unwrap_or(i64::MAX)
}

/// Milliseconds of a duration, far below the end of the numbers, so that a time can be added.
fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis())
        .unwrap_or(i64::MAX)
        .min(i64::MAX / 4)
}
