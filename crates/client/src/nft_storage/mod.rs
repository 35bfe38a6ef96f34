//! A client of the upload API of nft.storage, for Cairn and other servers that implement it.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use cairn_client::nft_storage::NftStorage;
//!
//! let storage = NftStorage::builder("https://upload.example")
//!     .token("a token")
//!     .build()?;
//! let upload = storage.upload("photos").name("holidays").await?;
//! println!("{} {}", upload.cid, upload.pin.status.name());
//! let mut uploads = storage.list().stream();
//! while let Some(upload) = uploads.try_next().await? {
//!     println!("{} {:?}", upload.cid, upload.name);
//! }
//! storage.delete(&upload.cid).await?;
//! # Ok(())
//! # }
//! ```
//!
//! [`NftStorage::upload`] computes the CID locally, cuts the content into CARs of bounded size, sends each until the server has
//! accepted it, and compares the server's CID with its own. Memory is bounded, whatever the size of the content.
//!
//! All errors are [`StorageError`].

mod error;
mod list;
mod pack;
mod records;
mod send;
mod store;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use cairn_primitives::Cid;
pub use cairn_wire::upload::ServiceVersion;
use cairn_wire::upload::{
    CheckUpload, DeleteUpload, GetUpload, GetVersion, NewName, RenameUpload, UploadApi,
};
use serde::Serialize;

pub use self::error::StorageError;
pub use self::list::{ListUploads, UploadPage, Uploads};
pub use self::records::{
    Checked, Deal, DealStatus, PinStatus, StoredNft, Upload, UploadPin, UploadedFile,
};
pub use self::send::{Progress, UploadContent};
pub use self::store::StoreNft;
use crate::builder::IntoAddress;
use crate::rest::{Rest, RestBuilder, RestClient};
use crate::upload::IntoSources;

/// A client of one server of the upload API. Cheap to clone; clones share their connections.
#[derive(Clone, Debug)]
pub struct NftStorage {
    rest: Rest<UploadApi>,
}

impl RestClient for NftStorage {
    type Api = UploadApi;

    fn from_rest(rest: Rest<UploadApi>) -> Self {
        Self { rest }
    }
}

impl NftStorage {
    /// Builds a client of the server at this URL. nft.storage itself was at `https://api.nft.storage`.
    pub fn builder(address: impl IntoAddress) -> RestBuilder<Self> {
        RestBuilder::new(address)
    }

    /// A client that sends its requests through this one.
    #[must_use]
    pub fn new(rest: Rest<UploadApi>) -> Self {
        Self::from_rest(rest)
    }

    /// Uploads files and directories: local paths, bytes, readers, streams. Several of them become the entries of a directory.
    pub fn upload(&self, sources: impl IntoSources) -> UploadContent {
        UploadContent::content(self.clone(), sources)
    }

    /// Uploads a CAR from a local file, in parts if it is large. It must have one root, and all blocks of its DAG.
    pub fn upload_car(&self, path: impl Into<PathBuf>) -> UploadContent {
        UploadContent::car(self.clone(), path.into())
    }

    /// Stores an NFT: metadata as in ERC-1155, and its files. The metadata is anything that serializes to a JSON object; the order of
    /// its keys is kept.
    pub fn store(&self, metadata: &impl Serialize) -> StoreNft {
        StoreNft::new(self.clone(), metadata)
    }

    /// Lists uploads. Await it for one page, or use [`ListUploads::stream`] for all.
    pub fn list(&self) -> ListUploads {
        ListUploads::new(self.clone())
    }

    /// Gets an upload.
    ///
    /// # Errors
    ///
    /// Any [`StorageError`]; see [`StorageError::is_not_found`].
    pub async fn status(&self, cid: &Cid) -> Result<Upload, StorageError> {
        let cid = cid.to_string();
        Upload::read(self.rest.call(&GetUpload { cid }).await?.value)
    }

    /// Checks whether anyone stores a CID. Needs no access token.
    ///
    /// # Errors
    ///
    /// Any [`StorageError`]; see [`StorageError::is_not_found`].
    pub async fn check(&self, cid: &Cid) -> Result<Checked, StorageError> {
        let cid = cid.to_string();
        Checked::read(self.rest.call(&CheckUpload { cid }).await?.value)
    }

    /// Changes the name of an upload.
    ///
    /// # Errors
    ///
    /// Any [`StorageError`]; see [`StorageError::is_not_found`].
    pub async fn rename(&self, cid: &Cid, name: impl Into<String>) -> Result<Upload, StorageError> {
        let endpoint = RenameUpload {
            cid: cid.to_string(),
        };
        let name = NewName { name: name.into() };
        // The same name again changes nothing.
        let rest = self.rest.clone().repeatable(true);
        Upload::read(rest.send(&endpoint, &name).await?.value)
    }

    /// Deletes an upload. The content remains where others store it.
    ///
    /// # Errors
    ///
    /// Any [`StorageError`]; see [`StorageError::is_not_found`].
    pub async fn delete(&self, cid: &Cid) -> Result<(), StorageError> {
        let cid = cid.to_string();
        self.rest.remove(&DeleteUpload { cid }).await?;
        Ok(())
    }

    /// The version of the server.
    ///
    /// # Errors
    ///
    /// Any [`StorageError`].
    pub async fn version(&self) -> Result<ServiceVersion, StorageError> {
        Ok(self.rest.call(&GetVersion {}).await?)
    }
}
