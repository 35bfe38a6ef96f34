//! Content that a peer may unpin.
//!
//! The transaction that removes the last use of something at a peer adds a release for it; nobody has to know then
//! whether others use it. The peer asks every group whether its rows still want the content, unpins it if none does,
//! and finishes the release.

use cairn_primitives::Cid;
use futures_util::future::BoxFuture;

use super::SharedError;

/// A release that waits for its peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// Its id. Adding the release again changes it.
    pub id: i64,
    /// What may be unpinned, as a CID of version 1.
    pub cid: Cid,
}

/// The table of releases.
pub trait ReleaseRows: Send + Sync + 'static {
    /// Adds the release of a CID at a peer, beside those that removals add.
    fn add_release<'a>(
        &'a self,
        peer: &'a str,
        cid: &'a Cid,
    ) -> BoxFuture<'a, Result<(), SharedError>>;

    /// Up to `limit` releases of a peer, in the order of ids.
    fn releases<'a>(
        &'a self,
        peer: &'a str,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<Release>, SharedError>>;

    /// Removes a release; `false` if it was finished or added again since it was read. One that was added again has to
    /// be looked at again.
    fn finish_release(&self, id: i64) -> BoxFuture<'_, Result<bool, SharedError>>;
}

/// How a CID is stored where it is searched: version 1, in bytes, so that both versions of a CID are one.
pub(super) fn cid_key(cid: &Cid) -> Vec<u8> {
    cid.to_v1().to_bytes()
}

/// The CID in a column.
pub(super) fn read_cid(bytes: &[u8]) -> Result<Cid, SharedError> {
    Cid::from_bytes(bytes).map_err(|_| SharedError::Damaged {
        what: "a CID is invalid",
    })
}
