//! The content of a node, as far as it is announced.

use std::collections::HashSet;
use std::sync::Arc;

use cairn_dag::listing::Listing;
use cairn_dag::mfs::{Mfs, MfsError};
use cairn_dag::refs;
use cairn_primitives::codec::{self, dag_pb};
use cairn_primitives::unixfs::UnixFs;
use cairn_primitives::{Cid, CidList, Codec};
use cairn_store::BlockStore;
use cairn_store::block::{BlockError, Root};
use cairn_store::meta::{PinFilter, PinMode, RowError, Rows};
use cairn_store::network::{AnnouncedContent, NetworkError};
use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};

use super::strategy::{Parts, Strategy};

/// Why content cannot be listed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ContentError {
    /// The store failed.
    #[error("the blocks cannot be listed")]
    Blocks(#[from] BlockError),
    /// The rows failed.
    #[error("the pins cannot be listed")]
    Pins(#[from] RowError),
    /// The mutable file system cannot be read.
    #[error("the mutable file system cannot be listed")]
    Mfs(#[from] MfsError),
    /// The list of blocks failed.
    #[error("the blocks cannot be listed")]
    List(#[from] cairn_dag::FetchError),
}

/// The content of a node. Reading it takes a thread, and memory for the CIDs of all recursive pins and of the largest pinned DAG.
#[derive(Clone)]
pub(super) struct Content {
    pub(super) store: Arc<dyn BlockStore>,
    pub(super) rows: Arc<dyn Rows>,
    pub(super) mfs: Result<Mfs, MfsError>,
    pub(super) strategy: Strategy,
}

impl Content {
    fn list(&self, each: &mut dyn FnMut(Cid) -> bool) -> Result<(), ContentError> {
        match self.strategy {
            Strategy::All => Ok(refs::local(&*self.store, each)?),
            Strategy::Parts(parts) => self.list_parts(parts, each),
        }
    }

    fn list_parts(
        &self,
        parts: Parts,
        each: &mut dyn FnMut(Cid) -> bool,
    ) -> Result<(), ContentError> {
        // Lists first, so that the rows are not read from as long as a walk takes.
        let mut recursive = CidList::new();
        if parts.pinned || parts.roots {
            // Roots first: they matter most.
            let mut wanted = true;
            self.rows.pins(&PinFilter::default(), &mut |pin| {
                if parts.pinned && pin.mode == PinMode::Recursive {
                    recursive.push(&pin.cid);
                }
                wanted = each(pin.cid);
                wanted
            })?;
            if !wanted {
                return Ok(());
            }
        }
        for root in recursive.iter() {
            if !self.list_below(parts, &root, each)? {
                return Ok(());
            }
        }
        if parts.mfs {
            let mfs = self.mfs.as_ref().map_err(Clone::clone)?;
            self.list_below(parts, &mfs.tree(), each)?;
        }
        Ok(())
    }

    /// Lists local blocks from a root on; returns whether more are wanted.
    pub(super) fn list_below(
        &self,
        parts: Parts,
        root: &Cid,
        each: &mut dyn FnMut(Cid) -> bool,
    ) -> Result<bool, BlockError> {
        if parts.entities {
            return self.list_entities(root, each);
        }
        let root = Root {
            cid: root.clone(),
            recursive: true,
        };
        let mut wanted = true;
        self.store.walk(&[root], &mut |cid, present| {
            if wanted && present && cid.hash().identity_data().is_none() {
                wanted = each(cid.clone());
            }
            wanted
        })?;
        Ok(wanted)
    }

    /// The same without the blocks inside files.
    fn list_entities(
        &self,
        root: &Cid,
        each: &mut dyn FnMut(Cid) -> bool,
    ) -> Result<bool, BlockError> {
        let mut seen = HashSet::new();
        let mut open = vec![root.clone()];
        while let Some(cid) = open.pop() {
            if !seen.insert(cid.to_v1()) || cid.hash().identity_data().is_some() {
                continue;
            }
            if cid.codec() == Codec::RAW {
                if self.store.has_blocking(cid.hash())? && !each(cid) {
                    return Ok(false);
                }
                continue;
            }
            let Some(data) = self.store.get_blocking(cid.hash())? else {
                continue;
            };
            if !is_file(&cid, &data)
                && let Ok(links) = codec::links(cid.codec(), &data)
            {
                open.extend(links.iter());
            }
            if !each(cid) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Whether a block is the root of a file of UnixFS.
fn is_file(cid: &Cid, data: &bytes::Bytes) -> bool {
    cid.codec() == Codec::DAG_PB
        && dag_pb::Node::decode(data)
            .ok()
            .and_then(|node| UnixFs::of(&node).ok())
            .is_some_and(|node| !node.kind.is_directory())
}

impl AnnouncedContent for Content {
    fn cids(&self) -> BoxStream<'static, Result<Cid, NetworkError>> {
        let content = self.clone();
        let start = async move {
            let list = Listing::start(move |each| content.list(each));
            stream::unfold(list, |mut list| async move {
                let next = list.next().await?;
                let next = next.map_err(|error: ContentError| NetworkError::Failed {
                    action: "listing the content",
                    source: Arc::new(error),
                });
                Some((next, list))
            })
        };
        stream::once(start).flatten().boxed()
    }
}
