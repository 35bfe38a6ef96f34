//! Storing NFTs: metadata and its files.

use std::future::IntoFuture;

use cairn_wire::upload::StoreNft as Endpoint;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, StreamExt as _};
use serde::Serialize;

use super::records::cid;
use super::{NftStorage, StorageError, StoredNft};
use crate::upload::{CHUNK, IntoSource, Part, Source, Upload};

/// A call that stores an NFT. The whole request is sent once, and not repeated after it has begun.
#[must_use = "a call does nothing until it is awaited"]
pub struct StoreNft {
    client: NftStorage,
    metadata: Result<String, serde_json::Error>,
    files: Vec<(String, Option<String>, Source)>,
}

impl std::fmt::Debug for StoreNft {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("StoreNft")
            .field("metadata", &self.metadata)
            .finish_non_exhaustive()
    }
}

impl StoreNft {
    pub(super) fn new(client: NftStorage, metadata: &impl Serialize) -> Self {
        Self {
            client,
            metadata: serde_json::to_string(metadata),
            files: Vec::new(),
        }
    }

    /// Adds a file at a path into the metadata, such as `image` or `properties.video`. The metadata has its URL there.
    pub fn file(self, path: impl Into<String>, source: impl IntoSource) -> Self {
        self.push(path.into(), None, source.into_source())
    }

    /// As [`Self::file`], with a media type such as `image/png`.
    pub fn file_of_type(
        self,
        path: impl Into<String>,
        media_type: impl Into<String>,
        source: impl IntoSource,
    ) -> Self {
        self.push(path.into(), Some(media_type.into()), source.into_source())
    }

    fn push(mut self, path: String, media_type: Option<String>, source: Source) -> Self {
        self.files.push((path, media_type, source));
        self
    }

    async fn run(self) -> Result<StoredNft, StorageError> {
        let metadata = self.metadata.map_err(StorageError::Metadata)?;
        let metadata = Part::bytes("", metadata)
            .with_field("meta")
            .with_media_type("application/json");
        let files = stream::iter(self.files).flat_map(|(path, media_type, source)| {
            source.file(CHUNK).map(move |part| {
                let mut part = part?.with_field(path.clone());
                // A field without a file name would not be a file. Browsers send this one.
                if part.name.is_empty() {
                    part.name = b"blob".to_vec();
                }
                Ok(match &media_type {
                    Some(media_type) => part.with_media_type(media_type.clone()),
                    None => part,
                })
            })
        });
        let parts = stream::iter([Ok(metadata)]).chain(files);
        let stored = self
            .client
            .rest
            .upload(&Endpoint {}, Upload::from_stream(parts))
            .await?
            .value;
        Ok(StoredNft {
            cid: cid(&stored.ipnft)?,
            url: stored.url,
            metadata: stored.data,
        })
    }
}

impl IntoFuture for StoreNft {
    type Output = Result<StoredNft, StorageError>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}
