//! Uploads of CARs, whole or in parts.

use std::sync::Arc;

use cairn_primitives::codec::{self, dag_pb};
use cairn_primitives::multihash::{HashFunction, SHA2_256};
use cairn_primitives::{Cid, Codec};
use cairn_store::shared::{NewUpload, NewUploadPart, Upload, UploadPart, UploadStatus};
use parking_lot::Mutex;

use super::content::{Meter, Names, hashed};
use super::{CarRefusal, UploadError, UploadInfo, Uploader, Uploads, lists};
use crate::backend::BackendError;
use crate::backend::import::{CarOptions, Content, ImportedCar};
use crate::locks::CidLock;

/// The codec of CARs in their own CIDs.
const CAR: Codec = Codec(0x0202);

/// A CAR that was imported and may be accepted.
struct Accepted {
    imported: ImportedCar,
    root: Cid,
    /// The size of its DAG as the root says.
    size: u64,
    part: UploadPart,
}

impl Uploads {
    /// Stores a CAR with one root. If its DAG is not complete with what is stored already, the upload waits for further
    /// parts: CARs with the same root.
    ///
    /// # Errors
    /// [`UploadError::Car`], [`UploadError::TooLarge`]; when the content is no CAR or cannot be received, or a quota does
    /// not allow it.
    pub async fn car(
        &self,
        who: &Uploader,
        info: UploadInfo,
        content: Content<'_>,
    ) -> Result<Upload, UploadError> {
        self.check_quota(who.account).await?;
        let car = self.receive(content).await?;
        let _lock = self.context.lock(&car.root).await;
        let found = self.context.rows().upload(who.account, &car.root).await?;
        let peer = self.context.peer().to_owned();
        let is_pinned = found
            .as_ref()
            .is_some_and(|found| found.status == UploadStatus::Pinned && found.peer == peer);
        let mut new = NewUpload {
            account: who.account,
            cid: car.root.clone(),
            peer,
            status: UploadStatus::Pinned,
            kind: info.kind,
            scope: who.token.clone(),
            name: info.name,
            files: Names::default().finish(),
            size: car.size,
            charged: car.imported.bytes,
            part: Some(NewUploadPart {
                part: car.part.clone(),
                list: None,
            }),
        };
        if is_pinned {
            // A part of what is complete; the row stays as it is.
            let known = NewUpload {
                status: UploadStatus::Partial,
                ..new.clone()
            };
            let recorded = self.record(known).await?;
            if recorded.status == UploadStatus::Pinned {
                return Ok(recorded);
            }
            // It was removed a moment ago, and its pin may go.
        }
        let name = new.name.clone().unwrap_or_default();
        let backend = self.importer()?;
        if car.imported.is_whole {
            backend
                .pin_imported(&car.root, &name, &[&car.imported.keep])
                .await?;
            return self.record(new).await;
        }
        let already = found.map_or(0, |found| found.charged);
        if already.saturating_add(car.imported.bytes) > self.limits.upload {
            return Err(UploadError::TooLarge {
                limit: self.limits.upload,
            });
        }
        let last = Some(&car.imported);
        if let Some(bytes) = self.complete_root(&car.root, &name, last).await? {
            new.charged = bytes;
            let uploaded = self.record(new).await?;
            // Parts of other accounts.
            let rows = self.context.rows();
            rows.complete_uploads(self.context.peer(), &car.root, bytes)
                .await?;
            return Ok(uploaded);
        }
        let (list, _list_lock) = self.pin_list(&car.imported).await?;
        new.status = UploadStatus::Partial;
        new.part = Some(NewUploadPart {
            part: car.part,
            list: Some(list),
        });
        self.record(new).await
    }

    /// Imports a CAR and checks it.
    async fn receive(&self, content: Content<'_>) -> Result<Accepted, UploadError> {
        let meter = Meter::new(self.limits.request);
        let hasher = HashFunction::from_code(SHA2_256)
            .and_then(HashFunction::hasher)
            .map_err(|error| BackendError::failed("hash the CAR", error))?;
        let hasher = Arc::new(Mutex::new(hasher));
        let content = hashed(meter.content(content), Arc::clone(&hasher));
        let options = CarOptions {
            list: lists::MAX_BLOCKS,
            ..CarOptions::default()
        };
        let imported = self.importer()?.import_car(options, content).await?;
        let root = match imported.roots.as_slice() {
            [] => return Err(CarRefusal::NoRoot.into()),
            [root] => root.clone(),
            _ => return Err(CarRefusal::ManyRoots.into()),
        };
        if imported.blocks == 0 {
            return Err(CarRefusal::Empty.into());
        }
        let hash = Arc::into_inner(hasher)
            .map(|hasher| hasher.into_inner().finish())
            .transpose()
            .map_err(|error| BackendError::failed("hash the CAR", error))?
            .ok_or(BackendError::Invalid(
                "the CAR was not read whole".to_owned(),
            ))?;
        let size = self.dag_size(&root, imported.blocks).await?;
        if size > self.limits.upload {
            return Err(UploadError::TooLarge {
                limit: self.limits.upload,
            });
        }
        Ok(Accepted {
            part: UploadPart {
                cid: Cid::v1(CAR, hash),
                bytes: imported.bytes,
            },
            imported,
            root,
            size,
        })
    }

    /// The size of a DAG as its root says: 0 if it does not.
    async fn dag_size(&self, root: &Cid, blocks: u64) -> Result<u64, UploadError> {
        let data = match root.hash().identity_data() {
            Some(data) => Some(bytes::Bytes::copy_from_slice(data)),
            None => self.importer()?.block(root).await?,
        };
        let data = data.ok_or_else(|| CarRefusal::MissingRoot { root: root.clone() })?;
        let unreadable = |source| CarRefusal::Root {
            root: root.clone(),
            source,
        };
        let links = codec::links(root.codec(), &data).map_err(unreadable)?;
        if !links.is_empty() && blocks == 1 {
            return Err(CarRefusal::OnlyRoot.into());
        }
        match root.codec() {
            Codec::RAW => Ok(data.len() as u64),
            Codec::DAG_PB => {
                let node = dag_pb::Node::decode(&data).map_err(unreadable)?;
                let own = data.len() as u64;
                let sizes = node.links.iter().filter_map(|link| link.size);
                Ok(sizes.fold(own, u64::saturating_add))
            }
            _ => Ok(0),
        }
    }

    /// Pins the blocks of a part, and returns the root of their list with its lock, so that nobody unpins it before it is
    /// recorded.
    async fn pin_list(&self, imported: &ImportedCar) -> Result<(Cid, CidLock), UploadError> {
        let blocks = imported.list.as_ref().ok_or(CarRefusal::ManyBlocks {
            limit: lists::MAX_BLOCKS,
        })?;
        let built =
            lists::build(blocks).map_err(|error| BackendError::failed("list the blocks", error))?;
        let root = built.last().map(|block| block.cid.clone());
        let root = root.ok_or(CarRefusal::Empty)?;
        let backend = self.importer()?;
        let keep = backend.put_blocks(built).await?;
        let lock = self.context.lock(&root).await;
        backend
            .pin_imported(&root, "", &[&imported.keep, &keep])
            .await?;
        Ok((root, lock))
    }
}
