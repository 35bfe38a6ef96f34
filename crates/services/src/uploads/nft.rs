//! NFTs: ERC-1155 metadata with its files.
//!
//! Form: <https://eips.ethereum.org/EIPS/eip-1155#metadata>

use std::collections::HashMap;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use cairn_dag::import::ImportOptions;
use cairn_primitives::ByteString;
use cairn_primitives::nft::{KIND, MAX_META, META, METADATA, Metadata, MetadataError, file_name};
use cairn_store::shared::Upload;
use futures_util::StreamExt as _;
use parking_lot::Mutex;

use super::content::{FilePart, Meter, Names, entries, one_file, options};
use super::error::UploadError;
use super::{Complete, FileParts, Uploader, Uploads};
use crate::backend::BackendError;
use crate::backend::import::{Imported, Keep};

/// Maximum number of files of one NFT.
const MAX_FILES: usize = 10_000;

/// A stored NFT.
#[derive(Clone, Debug)]
pub struct StoredNft {
    /// The upload.
    pub upload: Upload,
    /// The metadata as JSON, with the URLs of the files.
    pub metadata: String,
}

/// A file of the form.
struct NftFile {
    /// Its place in the metadata.
    path: String,
    name: String,
}

/// What was seen of the form while its files were imported.
#[derive(Default)]
struct Form {
    files: Vec<NftFile>,
    names: Names,
    /// The metadata.
    meta: Option<BytesMut>,
    /// Whether the field that is being read is the metadata.
    in_meta: bool,
}

/// An NFT with more files than allowed.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("more than {MAX_FILES} files")]
struct ManyFiles;

impl Form {
    /// Takes the metadata out of the form's fields; passes on its files.
    fn part(
        &mut self,
        part: FilePart,
    ) -> Result<Option<FilePart>, crate::backend::import::SourceError> {
        match part {
            FilePart::File { field, .. } if field == META => {
                self.in_meta = true;
                self.meta = Some(BytesMut::new());
                Ok(None)
            }
            FilePart::File { field, name, kind } => {
                self.in_meta = false;
                if self.files.len() >= MAX_FILES {
                    return Err(Arc::new(ManyFiles));
                }
                let name = file_name(&name);
                self.names.add(&name.as_str().into(), &kind);
                // A directory for each, in this order.
                let path = format!("{}/{name}", self.files.len());
                self.files.push(NftFile {
                    path: field.clone(),
                    name,
                });
                Ok(Some(FilePart::File {
                    field,
                    name: path.into(),
                    kind,
                }))
            }
            FilePart::Data(bytes) if self.in_meta => {
                if let Some(meta) = &mut self.meta {
                    if meta.len() + bytes.len() > MAX_META {
                        return Err(Arc::new(MetadataError::TooLong { limit: MAX_META }));
                    }
                    meta.extend_from_slice(&bytes);
                }
                Ok(None)
            }
            data @ FilePart::Data(_) => Ok(Some(data)),
        }
    }
}

impl Uploads {
    /// Stores metadata and its files: the field `meta` is the metadata, the name of every other field the place of its
    /// file there.
    ///
    /// # Errors
    /// [`UploadError::Metadata`], [`UploadError::TooLarge`]; when the content cannot be received, or a quota does not
    /// allow it.
    pub async fn nft(
        &self,
        who: &Uploader,
        files: FileParts<'_>,
    ) -> Result<StoredNft, UploadError> {
        self.check_quota(who.account).await?;
        let meter = Meter::new(self.limits.request.min(self.limits.upload));
        let form = Arc::new(Mutex::new(Form::default()));
        let (imported, sizes) = self.import_files(meter.files(files), &form).await?;
        let form = std::mem::take(&mut *form.lock());
        let mut json = Metadata::parse(&form.meta.ok_or(MetadataError::Missing)?)?;
        let mut total = 0_u64;
        let roots = imported
            .as_ref()
            .map_or(&[][..], |imported| &imported.roots);
        for (root, file) in roots.iter().zip(&form.files) {
            json.put_file(&file.path, root.cid.clone(), file.name.clone())?;
            let size = sizes.get(&root.name).copied().unwrap_or_default();
            total = total.saturating_add(size);
        }
        let metadata = json.write();
        let content = Bytes::from(metadata.clone());
        let content = futures_util::stream::iter([Ok(content)]).boxed();
        let mut size = 0;
        let written = self
            .import(options(), one_file(METADATA, content), |added| {
                size = added.size;
            })
            .await?;
        let metadata_cid = written.roots.first().map(|root| root.cid.clone());
        let node = json.into_node(metadata_cid.ok_or(MetadataError::Missing)?)?;
        total = total
            .saturating_add(size)
            .saturating_add(node.data.len() as u64);
        let root = node.cid.clone();
        let kept = self.importer()?.put_blocks(vec![node]).await?;
        let keep: Vec<&Keep> = imported
            .iter()
            .map(|imported| &imported.keep)
            .chain([&written.keep, &kept])
            .collect();
        let complete = Complete {
            root: &root,
            keep: &keep,
            kind: KIND,
            files: form.names.finish(),
            size: total,
        };
        let upload = self.record_complete(who, None, complete).await?;
        Ok(StoredNft { upload, metadata })
    }

    /// Imports the files of a form, each in a directory of its own. Also returns the sizes of these, by name.
    async fn import_files(
        &self,
        files: FileParts<'_>,
        form: &Arc<Mutex<Form>>,
    ) -> Result<(Option<Imported>, HashMap<ByteString, u64>), UploadError> {
        let reader = Arc::clone(form);
        let mut files = Box::pin(
            files
                .map(move |part| reader.lock().part(part?))
                .filter_map(|part| std::future::ready(part.transpose())),
        );
        let mut sizes = HashMap::new();
        // An import of nothing is an error; an NFT may have no files.
        let first = match files.next().await {
            Some(first) => first,
            None => return Ok((None, sizes)),
        };
        let files = futures_util::stream::iter([first]).chain(files);
        let options = ImportOptions {
            last_wins: true,
            silent: true,
            ..options()
        };
        let imported = self
            .import(options, entries(files, |_, name, _| name), |added| {
                sizes.insert(added.name, added.size);
            })
            .await;
        match imported {
            Ok(imported) => Ok((Some(imported), sizes)),
            Err(UploadError::Backend(BackendError::Source(source))) => {
                match source.downcast_ref::<MetadataError>() {
                    Some(error) => Err(error.clone().into()),
                    None => Err(UploadError::Backend(BackendError::Source(source))),
                }
            }
            Err(error) => Err(error),
        }
    }
}
