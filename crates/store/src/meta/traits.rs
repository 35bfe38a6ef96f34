//! All rows of one node.

use futures_util::future::BoxFuture;

use super::{MfsRows, NameRows, PinRows, ReferenceRows, RowError};

/// Local rows: every table group, in one database. Reads block for microseconds; writes are durable when they answer, and share
/// syncs.
///
/// A write whose future is dropped before it answered may or may not take place.
pub trait Rows: PinRows + ReferenceRows + MfsRows + NameRows {
    /// Id of the block store that these rows belong to; `None` until [`Rows::bind`].
    fn store_id(&self) -> Result<Option<String>, RowError>;

    /// Ties the rows to a block store, in place of the one they may be tied to; a collection refuses rows of another one.
    fn bind<'a>(&'a self, store_id: &'a str) -> BoxFuture<'a, Result<(), RowError>>;

    /// Waits for writers and closes.
    fn close(&self) -> BoxFuture<'_, Result<(), RowError>>;
}
