//! Who has a block: what bitswap asks of routing.

use cairn_primitives::Cid;
use cairn_store::network::PeerAddresses;
use futures_util::stream::BoxStream;

/// Finds peers that have a block.
pub trait Providers: Send + Sync + 'static {
    /// Providers, as they are found. The search ends with the stream, or when it is dropped.
    fn find(&self, cid: &Cid) -> BoxStream<'static, PeerAddresses>;
}
