//! What other peers ask for: DAGs, and collections of garbage.

use std::sync::Arc;

use bytes::Bytes;
use cairn_primitives::car::v1;
use cairn_primitives::path::ContentPath;
use cairn_primitives::{Cid, codec};
use futures_util::StreamExt as _;

use super::{Cluster, ClusterError, PeerInfo, Scope};
use crate::backend::BackendError;
use crate::backend::import::{Content, SourceError};

/// Bytes from which on a piece of an archive is handed over.
const PIECE: usize = 256 << 10;

/// Maximum number of blocks that wait to be written, in bytes of their CIDs. A DAG that is broader is cut off.
const MAX_WAITING: usize = 256 << 20;

/// A block is missing here.
#[derive(Debug, thiserror::Error)]
enum ExportError {
    #[error("the block {0} is not here")]
    Missing(Cid),
    #[error("the DAG is too broad")]
    TooBroad,
    #[error(transparent)]
    Backend(#[from] BackendError),
}

/// A walk of a DAG, depth first.
struct Walk {
    cluster: Arc<Cluster>,
    /// With how deep below each is written.
    waiting: Vec<(Cid, Option<u32>)>,
    /// Bytes of the CIDs in `waiting`.
    held: usize,
    seen: std::collections::HashSet<cairn_primitives::Multihash>,
    out: Vec<u8>,
}

impl Walk {
    async fn next(&mut self) -> Result<Option<Bytes>, ExportError> {
        while let Some((cid, depth)) = self.waiting.pop() {
            self.held = self.held.saturating_sub(cid.encoded_len());
            if cid.hash().identity_data().is_some() || !self.seen.insert(cid.hash().clone()) {
                continue;
            }
            let data = self.cluster.importer()?.block(&cid).await?;
            let data = data.ok_or_else(|| ExportError::Missing(cid.clone()))?;
            // A block whose links cannot be read has none for the one who pins it either.
            if depth != Some(0)
                && let Ok(links) = codec::links(cid.codec(), &data)
            {
                let below = depth.map(|depth| depth - 1);
                let links: Vec<(Cid, Option<u32>)> = links.iter().map(|cid| (cid, below)).collect();
                self.held += links
                    .iter()
                    .map(|(cid, _)| cid.encoded_len())
                    .sum::<usize>();
                self.waiting.extend(links.into_iter().rev());
            }
            if self.held > MAX_WAITING {
                return Err(ExportError::TooBroad);
            }
            v1::write_block_prefix(&cid, data.len(), &mut self.out);
            self.out.extend_from_slice(&data);
            if self.out.len() >= PIECE {
                return Ok(Some(std::mem::take(&mut self.out).into()));
            }
        }
        let rest = std::mem::take(&mut self.out);
        Ok((!rest.is_empty()).then(|| rest.into()))
    }
}

impl Cluster {
    /// The DAG below a CID as a CAR, down to a depth, for another peer. It fails where a block is not here.
    #[must_use]
    pub fn archive(self: &Arc<Self>, root: &Cid, depth: Option<u32>) -> Content<'static> {
        let mut out = Vec::with_capacity(PIECE);
        v1::write_header(std::slice::from_ref(root), &mut out);
        let walk = Walk {
            cluster: Arc::clone(self),
            waiting: vec![(root.clone(), depth)],
            held: root.encoded_len(),
            seen: std::collections::HashSet::new(),
            out,
        };
        let pieces = futures_util::stream::try_unfold(walk, |mut walk| async move {
            let next = walk.next().await;
            match next {
                Ok(piece) => Ok(piece.map(|piece| (piece, walk))),
                Err(error) => Err(Arc::new(error) as SourceError),
            }
        });
        pieces.boxed()
    }

    /// Collects garbage at the peers of a scope: what each removed, or why it did not.
    ///
    /// # Errors
    /// When the rows fail.
    pub async fn collect(
        &self,
        scope: Scope,
    ) -> Result<Vec<(PeerInfo, Result<Vec<Cid>, String>)>, ClusterError> {
        let mut seen = self.seen().await?;
        if scope == Scope::Local {
            seen.retain(|peer| peer.info.id == self.peer());
        }
        let token = self.peer_token().await?;
        let collections = seen.into_iter().map(|peer| {
            let token = token.clone();
            async move {
                let removed = if peer.info.id == self.peer() {
                    let removed = self.context.backend().collect().await;
                    removed.map_err(|error| super::work::describe(&error))
                } else if peer.alive {
                    let removed = self.link.collect(&peer.info, token).await;
                    removed.map_err(|error| super::work::describe(&error))
                } else {
                    Err("the lease of the peer has run out".to_owned())
                };
                (peer.info, removed)
            }
        });
        Ok(futures_util::future::join_all(collections).await)
    }

    /// Collects garbage here, for another peer.
    ///
    /// # Errors
    /// When the backend fails.
    pub async fn collect_here(&self) -> Result<Vec<Cid>, ClusterError> {
        Ok(self.context.backend().collect().await?)
    }

    /// What a path leads to.
    ///
    /// # Errors
    /// When the backend cannot resolve it.
    pub async fn resolve(&self, path: &ContentPath) -> Result<Cid, ClusterError> {
        let resolved = self.context.backend().resolve(path).await;
        resolved.map_err(|error| ClusterError::Path {
            path: path.to_string(),
            source: Arc::new(error),
        })
    }
}
