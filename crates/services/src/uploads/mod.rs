//! Uploads: content that users send, stored and pinned for their accounts.
//!
//! The content is imported and pinned in the backend before its row commits; a row that goes requests the release of the
//! pin in its transaction. So an upload that was answered is complete and durable, and one that was cut off leaves
//! blocks that the next collection removes.

mod car;
mod complete;
mod content;
mod error;
mod lists;
mod nft;
mod tree;

use std::sync::Arc;

use cairn_node::config::Size;
use cairn_primitives::Cid;
use cairn_store::shared::{
    AccountId, Millis, NewUpload, SharedError, Upload, UploadCheck, UploadPage, UploadStatus,
};
use futures_util::stream::BoxStream;

use self::complete::Frontiers;
pub use self::content::FilePart;
pub use self::error::{CarRefusal, UploadError};
pub use self::nft::StoredNft;
use crate::backend::BackendError;
use crate::backend::import::{Import, Keep, SourceError};
use crate::context::Context;
pub use cairn_primitives::nft::MetadataError;

/// Limits of uploads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UploadLimits {
    /// Maximum size of one request, in bytes.
    pub request: u64,
    /// Maximum size of one upload, all its parts together, in bytes.
    pub upload: u64,
}

/// The maximum size of an upload at the hosted service, in bytes.
const MAX_UPLOAD: u64 = 31 << 30;

impl UploadLimits {
    /// Those that a configuration sets, and the default for others.
    #[must_use]
    pub fn from_config(config: &cairn_node::config::sections::Services) -> Self {
        let default = Self::default();
        let bytes = |size: &Option<Size>| size.as_ref().map(Size::bytes);
        Self {
            request: bytes(&config.max_upload_request).unwrap_or(default.request),
            upload: bytes(&config.max_upload).unwrap_or(default.upload),
        }
    }
}

impl Default for UploadLimits {
    fn default() -> Self {
        Self {
            request: MAX_UPLOAD,
            upload: MAX_UPLOAD,
        }
    }
}

/// Who uploads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Uploader {
    /// The account.
    pub account: AccountId,
    /// The name of the token.
    pub token: String,
}

/// What is stored with an upload.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UploadInfo {
    /// Its name.
    pub name: Option<String>,
    /// The media type of a file or CAR.
    pub kind: String,
}

/// Files as they arrive.
pub type FileParts<'a> = BoxStream<'a, Result<FilePart, SourceError>>;

/// The uploads of all accounts.
#[derive(Debug)]
pub struct Uploads {
    context: Arc<Context>,
    limits: UploadLimits,
    frontiers: Frontiers,
}

/// The content of an upload that is to be recorded.
struct Complete<'a> {
    root: &'a Cid,
    /// All of its blocks.
    keep: &'a [&'a Keep],
    kind: &'a str,
    files: String,
    size: u64,
}

impl Uploads {
    /// Uploads of the services with these parts.
    #[must_use]
    pub fn new(context: Arc<Context>, limits: UploadLimits) -> Self {
        Self {
            context,
            limits,
            frontiers: Frontiers::default(),
        }
    }

    /// The limits.
    #[must_use]
    pub fn limits(&self) -> UploadLimits {
        self.limits
    }

    /// An upload of an account.
    ///
    /// # Errors
    /// [`UploadError::NotFound`].
    pub async fn get(&self, account: AccountId, cid: &Cid) -> Result<Upload, UploadError> {
        let found = self.context.rows().upload(account, cid).await?;
        found.ok_or(UploadError::NotFound)
    }

    /// Up to `limit` uploads of an account that were created before a time, the newest first.
    ///
    /// # Errors
    /// When the rows fail.
    pub async fn list(
        &self,
        account: AccountId,
        before: Option<Millis>,
        limit: usize,
    ) -> Result<UploadPage, UploadError> {
        Ok(self.context.rows().uploads(account, before, limit).await?)
    }

    /// What everybody may know about a CID.
    ///
    /// # Errors
    /// [`UploadError::NotFound`] if nobody uploaded it.
    pub async fn check(&self, cid: &Cid) -> Result<UploadCheck, UploadError> {
        let found = self.context.rows().check_upload(cid).await?;
        found.ok_or(UploadError::NotFound)
    }

    /// Changes the name of an upload.
    ///
    /// # Errors
    /// [`UploadError::NotFound`].
    pub async fn rename(
        &self,
        account: AccountId,
        cid: &Cid,
        name: &str,
    ) -> Result<Upload, UploadError> {
        let renamed = self
            .context
            .rows()
            .rename_upload(account, cid, Some(name))
            .await?;
        renamed.ok_or(UploadError::NotFound)
    }

    /// Removes an upload. Its content stays while another upload or pin needs it.
    ///
    /// # Errors
    /// [`UploadError::NotFound`].
    pub async fn remove(&self, account: AccountId, cid: &Cid) -> Result<(), UploadError> {
        match self.context.rows().remove_upload(account, cid).await? {
            true => Ok(()),
            false => Err(UploadError::NotFound),
        }
    }

    /// How content is added to the backend.
    fn importer(&self) -> Result<&dyn Import, BackendError> {
        self.context.backend().importer().ok_or_else(|| {
            BackendError::Invalid("the backend of this server does not accept content".to_owned())
        })
    }

    /// Refuses an upload of an account whose quota is used up already, before its content is read.
    async fn check_quota(&self, account: AccountId) -> Result<(), UploadError> {
        let found = self.context.rows().account(account).await?;
        let found = found.ok_or(SharedError::Missing { what: "account" })?;
        match found.quota.bytes {
            Some(limit) if found.usage.bytes >= limit => {
                Err(SharedError::Quota { what: "bytes" }.into())
            }
            _ => Ok(()),
        }
    }

    /// Pins what was imported, and records it.
    async fn record_complete(
        &self,
        who: &Uploader,
        name: Option<String>,
        complete: Complete<'_>,
    ) -> Result<Upload, UploadError> {
        let Complete {
            root,
            keep,
            kind,
            files,
            size,
        } = complete;
        let _lock = self.context.lock(root).await;
        self.importer()?
            .pin_imported(root, name.as_deref().unwrap_or_default(), keep)
            .await?;
        self.record(NewUpload {
            account: who.account,
            cid: root.clone(),
            peer: self.context.peer().to_owned(),
            status: UploadStatus::Pinned,
            kind: kind.to_owned(),
            scope: who.token.clone(),
            name,
            files,
            size,
            charged: size,
            part: None,
        })
        .await
    }

    /// Records an upload whose root or list is pinned. The caller holds the lock of the root.
    async fn record(&self, new: NewUpload) -> Result<Upload, UploadError> {
        let pinned = match (&new.status, &new.part) {
            (UploadStatus::Partial, Some(part)) => part.list.clone(),
            _ => Some(new.cid.clone()),
        };
        let stored = self.context.rows().put_upload(new).await;
        if let (Err(_), Some(pinned)) = (&stored, pinned) {
            // Nothing was recorded that would request the release later; if something was after all, it keeps the pin.
            let peer = self.context.peer();
            if let Err(error) = self.context.rows().add_release(peer, &pinned).await {
                tracing::debug!(%error, "a refused upload is released by the next reconciliation");
            }
        }
        Ok(stored?)
    }
}
