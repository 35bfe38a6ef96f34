//! The way to other peers.

use std::sync::Arc;

use cairn_primitives::Cid;
use futures_util::future::BoxFuture;

use super::PeerInfo;
use crate::backend::import::Content;

/// Why another peer did not do what was asked.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LinkError {
    /// It has announced no address.
    #[error("the peer {0} has no address for other peers")]
    NoAddress(String),
    /// It cannot be reached.
    #[error("the peer {peer} cannot be reached")]
    Unreachable {
        /// The peer.
        peer: String,
        /// Why.
        #[source]
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
    /// It refused.
    #[error("the peer {peer} refused ({status})")]
    Refused {
        /// The peer.
        peer: String,
        /// The status of its response.
        status: u16,
    },
}

/// Sends requests to other peers. A token proves to them who asks; see [`Cluster::peer_token`](super::Cluster::peer_token).
pub trait PeerLink: std::fmt::Debug + Send + Sync + 'static {
    /// The DAG below a CID as a CAR, down to a depth (0 is the block alone), as it arrives. One that is cut off ends with an error.
    fn dag<'a>(
        &'a self,
        peer: &'a PeerInfo,
        root: &'a Cid,
        depth: Option<u32>,
        token: String,
    ) -> BoxFuture<'a, Result<Content<'static>, LinkError>>;

    /// Collects garbage there; the removed blocks.
    fn collect<'a>(
        &'a self,
        peer: &'a PeerInfo,
        token: String,
    ) -> BoxFuture<'a, Result<Vec<Cid>, LinkError>>;
}
