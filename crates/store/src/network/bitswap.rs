//! What was exchanged with peers.

use cairn_primitives::Cid;
use cairn_primitives::keys::PeerId;
use futures_util::future::BoxFuture;

use super::NetworkError;

/// Counts since the node was started.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExchangeStat {
    /// Blocks that are being fetched.
    pub wants: Vec<Cid>,
    /// Peers with which blocks were exchanged.
    pub peers: Vec<PeerId>,
    /// Blocks received.
    pub blocks_received: u64,
    /// Bytes of those.
    pub bytes_received: u64,
    /// Blocks received more than once.
    pub duplicate_blocks: u64,
    /// Bytes of those.
    pub duplicate_bytes: u64,
    /// Messages received.
    pub messages_received: u64,
    /// Blocks sent.
    pub blocks_sent: u64,
    /// Bytes of those.
    pub bytes_sent: u64,
}

/// What was exchanged with one peer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Bytes sent.
    pub sent: u64,
    /// Bytes received.
    pub received: u64,
    /// Exchanges.
    pub exchanges: u64,
}

/// Tells of the exchange of blocks.
pub trait BlockExchange: Send + Sync {
    /// Counts.
    fn stat(&self) -> ExchangeStat;

    /// Blocks that a peer wants; `None` when nothing is known of it.
    fn wants_of(&self, peer: &PeerId) -> Option<Vec<Cid>>;

    /// What was exchanged with a peer; zeros when nothing was.
    fn ledger(&self, peer: &PeerId) -> Ledger;

    /// Asks a connected peer whether it has a block and would send it. It waits until the peer answers, so the timeout is the
    /// caller's; dropping the future withdraws the question. It fails with [`NetworkError::NotConnected`] if no connection is open,
    /// or the peer does not exchange blocks.
    fn has(&self, peer: &PeerId, cid: &Cid) -> BoxFuture<'static, Result<bool, NetworkError>> {
        let (_, _) = (peer, cid);
        Box::pin(std::future::ready(Err(NetworkError::Unavailable(
            "the exchange of blocks",
        ))))
    }
}
