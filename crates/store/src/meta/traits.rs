//! All local rows.

use futures_util::future::BoxFuture;

use super::{MfsRows, NameRows, PinRows, ReferenceRows, RowError};

/// Local rows: all table groups in one database. Reads block for microseconds; writes are durable when they return,
/// and share syncs.
///
/// A write whose future is dropped early may or may not take place.
pub trait Rows: PinRows + ReferenceRows + MfsRows + NameRows {
    /// Id of the block store that these rows belong to; `None` until [`Rows::bind`].
    fn store_id(&self) -> Result<Option<String>, RowError>;

    /// Binds the rows to a block store, replacing an earlier one; a collection refuses the rows of another store.
    fn bind<'a>(&'a self, store_id: &'a str) -> BoxFuture<'a, Result<(), RowError>>;

    /// Waits for writers and closes.
    fn close(&self) -> BoxFuture<'_, Result<(), RowError>>;
}
