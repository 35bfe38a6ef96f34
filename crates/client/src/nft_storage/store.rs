//! Storing NFTs: metadata and its files.

use std::future::IntoFuture;

use cairn_primitives::Cid;
use cairn_primitives::nft::{META, METADATA, Metadata, file_name};
use cairn_wire::upload::StoreNft as Endpoint;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, StreamExt as _};
use serde::Serialize;

use super::pack::{Counter, Packer};
use super::records::cid;
use super::send::MEMORY;
use super::{NftStorage, StorageError, StoredNft};
use crate::upload::{CHUNK, Content, IntoSource, Part, Source, Upload, as_received};

/// A call that stores an NFT. The whole request is sent once, and not repeated after it has begun.
///
/// The CID is computed first, and compared with that of the server. So files are read twice. It is not computed if a file is a
/// stream or a reader, which can be read once.
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
        let mut files = Vec::new();
        for (path, media_type, source) in self.files {
            let mut parts = source.file(CHUNK);
            while let Some(part) = parts.next().await {
                let mut part = part?.with_field(path.clone());
                // A field without a file name would not be a file. Browsers send this one.
                if part.name.is_empty() {
                    part.name = b"blob".to_vec();
                }
                files.push(match &media_type {
                    Some(media_type) => part.with_media_type(media_type.clone()),
                    None => part,
                });
            }
        }
        let expected = match to_read(&files) {
            Some(files) => compute_cid(&metadata, files).await?,
            None => None,
        };
        let metadata = Part::bytes("", metadata)
            .with_field(META)
            .with_media_type("application/json");
        let parts = stream::iter([metadata].into_iter().chain(files).map(Ok));
        let stored = self
            .client
            .rest
            .upload(&Endpoint {}, Upload::from_stream(parts))
            .await?
            .value;
        let got = cid(&stored.ipnft)?;
        if let Some(expected) = expected.filter(|expected| *expected != got) {
            return Err(StorageError::CidMismatch {
                expected: Box::new(expected),
                got: Box::new(got),
            });
        }
        Ok(StoredNft {
            cid: got,
            url: stored.url,
            metadata: stored.data,
        })
    }
}

/// A file of an NFT: its place in the metadata, and the entry of its directory.
struct NftFile {
    place: String,
    name: String,
    content: Content,
}

/// The files, to be read a first time. `None` if one can be read only once.
fn to_read(files: &[Part]) -> Option<Vec<NftFile>> {
    let file = |part: &Part| {
        let field = part.field.as_deref().unwrap_or_default();
        let (place, name) = as_received(field, &part.name);
        let content = match &part.content {
            Content::Bytes(bytes) => Content::Bytes(bytes.clone()),
            Content::File(path) => Content::File(path.clone()),
            Content::Stream(_) | Content::Directory | Content::Symlink(_) => return None,
        };
        Some(NftFile {
            place: place.into_text(),
            name: file_name(&name),
            content,
        })
    };
    files.iter().map(file).collect()
}

/// The CID of an NFT. `None` if the metadata is not accepted: the server says why.
async fn compute_cid(text: &str, files: Vec<NftFile>) -> Result<Option<Cid>, StorageError> {
    let Ok(mut metadata) = Metadata::parse(text.as_bytes()) else {
        return Ok(None);
    };
    for file in files {
        let NftFile {
            place,
            name,
            content,
        } = file;
        let directory = pack(Part::new(name.clone(), content), true).await?;
        if metadata.put_file(&place, directory, name).is_err() {
            return Ok(None);
        }
    }
    let file = pack(Part::bytes(METADATA, metadata.write()), false).await?;
    Ok(metadata.into_node(file).ok().map(|node| node.cid))
}

/// The CID of a file, or of a directory with it alone.
async fn pack(part: Part, wrap: bool) -> Result<Cid, StorageError> {
    let packer = Packer::new(Counter::new(|_| {}), MEMORY)?;
    Ok(packer.add(part).await?.finish(wrap).await?.root)
}

impl IntoFuture for StoreNft {
    type Output = Result<StoredNft, StorageError>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}
