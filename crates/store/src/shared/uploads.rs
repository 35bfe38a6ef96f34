//! Uploads of accounts.

use cairn_primitives::Cid;
use futures_util::future::BoxFuture;

use super::{AccountId, Millis, SharedError};

/// Maximum length of the name of an upload, in bytes.
pub const MAX_UPLOAD_NAME: usize = 4_096;

/// Maximum number of parts of an upload; further ones are refused.
pub const MAX_UPLOAD_PARTS: usize = 10_000;

/// Whether the content of an upload is complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UploadStatus {
    /// Parts are missing. The blocks of those that arrived are pinned by the list of each part.
    Partial,
    /// Its DAG is complete and pinned.
    Pinned,
}

/// A part of an upload: one CAR.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadPart {
    /// The CID of the CAR.
    pub cid: Cid,
    /// Bytes of its blocks.
    pub bytes: u64,
}

/// A part to store.
#[derive(Clone, Debug)]
pub struct NewUploadPart {
    /// The part.
    pub part: UploadPart,
    /// The root of the list of its blocks, which is pinned until the upload is complete.
    pub list: Option<Cid>,
}

/// What was uploaded.
#[derive(Clone, Debug)]
pub struct NewUpload {
    /// Whose it is.
    pub account: AccountId,
    /// Its root.
    pub cid: Cid,
    /// The peer that has the content.
    pub peer: String,
    /// Whether it is complete.
    pub status: UploadStatus,
    /// Its media type, or `directory` or `nft`.
    pub kind: String,
    /// The name of the token.
    pub scope: String,
    /// Its name.
    pub name: Option<String>,
    /// The names and types of its files, as JSON.
    pub files: String,
    /// The size that is shown, in bytes.
    pub size: u64,
    /// Bytes that count towards the account's quota: those of the whole DAG, or of this part of it.
    pub charged: u64,
    /// The CAR that it came in.
    pub part: Option<NewUploadPart>,
}

/// An upload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// Its root, as it was first uploaded.
    pub cid: Cid,
    /// The peer that has the content.
    pub peer: String,
    /// Whether it is complete.
    pub status: UploadStatus,
    /// Its media type, or `directory` or `nft`.
    pub kind: String,
    /// The name of the token of the last request.
    pub scope: String,
    /// Its name.
    pub name: Option<String>,
    /// The names and types of its files, as JSON.
    pub files: String,
    /// The size that is shown, in bytes.
    pub size: u64,
    /// Bytes that count towards the account's quota.
    pub charged: u64,
    /// When it was first uploaded. No two uploads of an account were created at the same time.
    pub created: Millis,
    /// When it was last uploaded or became complete.
    pub updated: Millis,
    /// Its CARs, in the order of arrival.
    pub parts: Vec<UploadPart>,
}

/// A page of uploads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UploadPage {
    /// All that match, on this page or not.
    pub total: u64,
    /// Those of this page, the newest first.
    pub uploads: Vec<Upload>,
}

/// What is known about a CID from the uploads of all accounts: the oldest complete one, or else the oldest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadCheck {
    /// Whether any of them is complete.
    pub status: UploadStatus,
    /// The size that is shown, in bytes.
    pub size: u64,
    /// When it was first uploaded.
    pub created: Millis,
}

/// An upload that is not complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartialUpload {
    /// Its number: assigned in the order of creation, and never reused.
    pub id: i64,
    /// Its root.
    pub cid: Cid,
    /// Whether some of its parts arrived at other peers.
    pub is_spread: bool,
}

/// The table of uploads. CIDs are compared as CIDv1.
///
/// What an account uses, and what its quotas allow, is counted in the same transaction as the change. The transaction
/// that ends the use of a root or list at a peer also requests its release.
pub trait UploadRows: Send + Sync + 'static {
    /// Stores an upload. There is one of each root and account: a repeated one keeps the time and CID of the first, and the
    /// rest is replaced. Parts are added; a part that is there is not counted again. A complete upload stays complete.
    ///
    /// # Errors
    /// [`SharedError::Missing`] when there is no such account, [`SharedError::Quota`], [`SharedError::Range`].
    fn put_upload(&self, new: NewUpload) -> BoxFuture<'_, Result<Upload, SharedError>>;

    /// An upload of an account.
    fn upload<'a>(
        &'a self,
        account: AccountId,
        cid: &'a Cid,
    ) -> BoxFuture<'a, Result<Option<Upload>, SharedError>>;

    /// Up to `limit` uploads of an account that were created before a time, the newest first.
    fn uploads(
        &self,
        account: AccountId,
        before: Option<Millis>,
        limit: usize,
    ) -> BoxFuture<'_, Result<UploadPage, SharedError>>;

    /// Changes the name of an upload; `None` if there is none.
    fn rename_upload<'a>(
        &'a self,
        account: AccountId,
        cid: &'a Cid,
        name: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Option<Upload>, SharedError>>;

    /// Removes an upload; `false` if there is none.
    fn remove_upload<'a>(
        &'a self,
        account: AccountId,
        cid: &'a Cid,
    ) -> BoxFuture<'a, Result<bool, SharedError>>;

    /// What is known about a CID from the uploads of all accounts; `None` if nobody uploaded it.
    fn check_upload<'a>(
        &'a self,
        cid: &'a Cid,
    ) -> BoxFuture<'a, Result<Option<UploadCheck>, SharedError>>;

    /// Up to `limit` incomplete uploads at a peer after a number, in the order of creation.
    fn partial_uploads<'a>(
        &'a self,
        peer: &'a str,
        after: i64,
        limit: usize,
    ) -> BoxFuture<'a, Result<Vec<PartialUpload>, SharedError>>;

    /// Records that the DAG of a root is complete and pinned at a peer: all incomplete uploads of it there become
    /// complete. `charged` are the bytes of its blocks; quotas are not checked. Returns how many uploads changed.
    fn complete_uploads<'a>(
        &'a self,
        peer: &'a str,
        cid: &'a Cid,
        charged: u64,
    ) -> BoxFuture<'a, Result<u64, SharedError>>;

    /// Whether an upload needs the pin of a root or list at a peer.
    fn wants_upload<'a>(
        &'a self,
        peer: &'a str,
        cid: &'a Cid,
    ) -> BoxFuture<'a, Result<bool, SharedError>>;
}

/// Refuses names that a dialect could not keep.
pub(super) fn check_upload_name(name: Option<&str>) -> Result<(), SharedError> {
    let reason = match name {
        Some(name) if name.len() > MAX_UPLOAD_NAME => "is longer than 4096 bytes",
        Some(name) if name.contains('\0') => "has a zero byte",
        _ => return Ok(()),
    };
    Err(SharedError::BadName { reason })
}

/// The text of a status in the tables.
pub(super) fn status_text(status: UploadStatus) -> &'static str {
    match status {
        UploadStatus::Partial => "partial",
        UploadStatus::Pinned => "pinned",
    }
}

/// A status in a column.
pub(super) fn status(text: &str) -> Result<UploadStatus, SharedError> {
    match text {
        "partial" => Ok(UploadStatus::Partial),
        "pinned" => Ok(UploadStatus::Pinned),
        _ => Err(SharedError::Damaged {
            what: "the status of an upload is unknown",
        }),
    }
}

/// A CID in a column.
pub(super) fn cid(text: &str) -> Result<Cid, SharedError> {
    text.parse().map_err(|_| SharedError::Damaged {
        what: "the CID of an upload cannot be read",
    })
}

/// A size in a column.
pub(super) fn size(number: i64) -> Result<u64, SharedError> {
    u64::try_from(number).map_err(|_| SharedError::Damaged {
        what: "a size is negative",
    })
}

/// A size as the databases take it.
pub(super) fn number(size: u64) -> Result<i64, SharedError> {
    // Far below the end of the numbers, so that sizes can be added.
    i64::try_from(size)
        .ok()
        .filter(|size| *size <= i64::MAX / 1024)
        .ok_or(SharedError::Range { what: "the size" })
}

/// The row of an upload that is there when it is uploaded again.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) id: i64,
    pub(super) peer: String,
    pub(super) status: UploadStatus,
    pub(super) charged: i64,
}

/// What a repeated upload makes of a row.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Merged {
    pub(super) peer: String,
    pub(super) status: UploadStatus,
    /// The new value.
    pub(super) charged: i64,
    /// The peer that loses the pin of the root.
    pub(super) released: Option<String>,
    /// Whether the list of the new part stays pinned.
    pub(super) keeps_list: bool,
}

impl NewUpload {
    /// Checks it, and converts its numbers: the size and the bytes that count.
    pub(super) fn columns(&self) -> Result<(i64, i64), SharedError> {
        check_upload_name(self.name.as_deref())?;
        Ok((number(self.size)?, number(self.charged)?))
    }

    /// Joins it with the row that is there. `is_known` says that its part was counted before.
    pub(super) fn merge(&self, found: &Found, charged: i64, is_known: bool) -> Merged {
        let whole = (found.status, self.status);
        let (peer, status) = match whole {
            (UploadStatus::Pinned, UploadStatus::Partial) => {
                (found.peer.clone(), UploadStatus::Pinned)
            }
            (_, status) => (self.peer.clone(), status),
        };
        let charged = match whole {
            (_, UploadStatus::Pinned) => charged,
            (UploadStatus::Pinned, UploadStatus::Partial) => found.charged,
            (UploadStatus::Partial, UploadStatus::Partial) if is_known => found.charged,
            (UploadStatus::Partial, UploadStatus::Partial) => found.charged.saturating_add(charged),
        };
        let moved = found.status == UploadStatus::Pinned && peer != found.peer;
        Merged {
            released: moved.then(|| found.peer.clone()),
            keeps_list: status == UploadStatus::Partial,
            peer,
            status,
            charged,
        }
    }
}

/// What an account uses after a change, and what it may use.
#[derive(Clone, Copy, Debug)]
pub(super) struct Charged {
    pub(super) used_pins: i64,
    pub(super) max_pins: Option<i64>,
    pub(super) used_bytes: i64,
    pub(super) max_bytes: Option<i64>,
}

impl Charged {
    /// Refuses a change that adds pins or bytes beyond the quota.
    pub(super) fn check(self, pins: i64, bytes: i64) -> Result<(), SharedError> {
        let exceeds = |added: i64, used: i64, most: Option<i64>| {
            added > 0 && most.is_some_and(|most| used > most)
        };
        if exceeds(pins, self.used_pins, self.max_pins) {
            return Err(SharedError::Quota { what: "pins" });
        }
        if exceeds(bytes, self.used_bytes, self.max_bytes) {
            return Err(SharedError::Quota { what: "bytes" });
        }
        Ok(())
    }
}
