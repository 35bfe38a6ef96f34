//! Fetching blocks from peers: the interface between DAG walks and the network.
//!
//! A reader opens one [`Session`] per DAG, requests blocks in batches, and drops what it no longer needs. Everything
//! that the session returns has been verified: a [`VerifiedBlock`] cannot be constructed from bytes that do not match
//! their CID. A peer that sends wrong bytes is a problem of the exchange, which asks another peer, and never an error
//! of the request.

use std::error::Error;
use std::sync::Arc;

use bytes::Bytes;
use cairn_primitives::keys::PeerId;
use cairn_primitives::multihash::HashError;
use cairn_primitives::{Block, Cid, Multihash};
use futures_util::stream::BoxStream;

/// The parameters of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SessionRequest {
    /// The root of the DAG, for which providers are looked up.
    pub root: Cid,
    /// Peers that probably have it.
    pub hints: Vec<Hint>,
}

impl SessionRequest {
    /// A session for a DAG without known providers.
    #[must_use]
    pub fn new(root: Cid) -> Self {
        Self {
            root,
            hints: Vec::new(),
        }
    }

    /// The same, with peers that probably have the DAG.
    #[must_use]
    pub fn with_hints(self, hints: Vec<Hint>) -> Self {
        Self { hints, ..self }
    }
}

/// A peer that probably has a DAG.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Hint {
    /// A peer whose addresses are known or can be looked up.
    Peer(PeerId),
    /// A multiaddr, with or without a peer ID.
    Address(String),
}

/// Opens sessions.
pub trait Exchange: Send + Sync + 'static {
    /// Opens a session. Nothing is sent before its first want.
    fn session(&self, request: SessionRequest) -> Arc<dyn Session>;
}

/// Fetches the blocks of one DAG. It ends when it and all its [`Wants`] are dropped.
pub trait Session: Send + Sync + 'static {
    /// Requests blocks. The caller never requests a block twice at the same time and bounds its wants in flight, so
    /// an implementation may send all of them at once.
    fn want(&self, cids: Vec<Cid>) -> Wants;
}

/// The answers to one batch of wants, in any order. The stream ends once each block was answered; blocks without an
/// answer count as missing. An error fails all blocks without an answer. Dropping the stream cancels the wants.
pub type Wants = BoxStream<'static, Result<Arrival, ExchangeError>>;

/// The answer to one want.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Arrival {
    /// The block.
    Block(VerifiedBlock),
    /// No peer that the exchange could find has it.
    Missing(Cid),
}

/// A block whose bytes were hashed and match its CID.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedBlock(Block);

impl VerifiedBlock {
    /// Hashes the bytes.
    ///
    /// # Errors
    /// [`WrongBlock`] when they are not those of the CID, or cannot be checked.
    pub fn new(cid: Cid, data: Bytes) -> Result<Self, WrongBlock> {
        match cid.hash().matches(&data) {
            Ok(true) => Ok(Self(Block::new(cid, data))),
            Ok(false) => Err(WrongBlock::Mismatch { cid }),
            Err(source) => Err(WrongBlock::Unchecked { cid, source }),
        }
    }

    /// The CID.
    #[must_use]
    pub fn cid(&self) -> &Cid {
        &self.0.cid
    }

    /// The bytes.
    #[must_use]
    pub fn data(&self) -> &Bytes {
        &self.0.data
    }

    /// The block, to be stored.
    #[must_use]
    pub fn into_block(self) -> Block {
        self.0
    }
}

/// Bytes and the multihash that was computed from them: received data that its sender did not name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HashedBytes {
    hash: Multihash,
    data: Bytes,
}

impl HashedBytes {
    /// Hashes bytes with the function of this code, to a digest of `length` bytes.
    ///
    /// # Errors
    /// [`HashError`] when the function is unknown, not allowed for blocks, or has no such digest.
    pub fn new(code: u64, length: u64, data: Bytes) -> Result<Self, HashError> {
        let hash = Multihash::of_block(code, length, &data)?;
        Ok(Self { hash, data })
    }

    /// The multihash.
    #[must_use]
    pub fn hash(&self) -> &Multihash {
        &self.hash
    }

    /// The bytes.
    #[must_use]
    pub fn data(&self) -> &Bytes {
        &self.data
    }

    /// The block with this CID; `None` when it has another multihash.
    #[must_use]
    pub fn named(&self, cid: &Cid) -> Option<VerifiedBlock> {
        (*cid.hash() == self.hash)
            .then(|| VerifiedBlock(Block::new(cid.clone(), self.data.clone())))
    }
}

/// Why bytes do not match their CID.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WrongBlock {
    /// The bytes have another hash.
    #[error("the received bytes do not match {cid}")]
    Mismatch {
        /// The CID.
        cid: Cid,
    },
    /// The hash function is not built in.
    #[error("the received bytes of {cid} cannot be verified")]
    Unchecked {
        /// The CID.
        cid: Cid,
        /// Why.
        #[source]
        source: HashError,
    },
}

/// Why an exchange cannot answer.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExchangeError {
    /// The node stops, or the exchange died.
    #[error("the block exchange is closed")]
    Closed,
    /// The exchange failed.
    #[error("cannot fetch blocks from peers")]
    Failed(#[source] Arc<dyn Error + Send + Sync>),
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_primitives::multihash::SHA2_256;
    use cairn_primitives::{Codec, Multihash};

    #[test]
    fn only_matching_bytes_are_a_verified_block() {
        let cid = Cid::v1(Codec::RAW, Multihash::sha2_256(b"right"));
        let block = VerifiedBlock::new(cid.clone(), Bytes::from_static(b"right")).unwrap();
        assert_eq!((block.cid(), &block.data()[..]), (&cid, &b"right"[..]));
        assert_eq!(
            VerifiedBlock::new(cid.clone(), Bytes::from_static(b"wrong")),
            Err(WrongBlock::Mismatch { cid: cid.clone() })
        );
        let hashed = HashedBytes::new(SHA2_256, 32, Bytes::from_static(b"right")).unwrap();
        assert_eq!(hashed.named(&cid), Some(block));
        let other = Cid::v1(Codec::RAW, Multihash::sha2_256(b"other"));
        assert_eq!(hashed.named(&other), None);
        assert!(HashedBytes::new(0x7777, 32, Bytes::new()).is_err());
        let unknown = Cid::v1(Codec::RAW, Multihash::wrap(0x7777, &[1; 32]).unwrap());
        assert!(matches!(
            VerifiedBlock::new(unknown, Bytes::new()),
            Err(WrongBlock::Unchecked { .. })
        ));
    }
}
