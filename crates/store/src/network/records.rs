//! IPNS records of peers: the seam between names and the network.

use bytes::Bytes;
use cairn_primitives::PeerId;
use futures_util::future::BoxFuture;

use crate::names::NameOptions;

/// Why records cannot be published or found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RecordsError {
    /// It took too long.
    #[error("the lookup timed out")]
    TimedOut,
    /// Something else went wrong.
    #[error("{reason}")]
    Failed {
        /// What.
        reason: String,
    },
}

/// Publishes IPNS records, and finds those of others. A node without one is offline, and has the records that it keeps itself.
///
/// Records that are given are valid, and those that are found are checked by whoever asked.
pub trait Records: Send + Sync + 'static {
    /// Publishes a record of a name.
    fn put<'a>(
        &'a self,
        name: &'a PeerId,
        record: &'a Bytes,
    ) -> BoxFuture<'a, Result<(), RecordsError>>;

    /// The best record of a name that is found within the options' time and count; `None` where there is none.
    fn get<'a>(
        &'a self,
        name: &'a PeerId,
        options: &'a NameOptions,
    ) -> BoxFuture<'a, Result<Option<Bytes>, RecordsError>>;
}
