//! A block: bytes and the CID that names them.

use bytes::Bytes;

use crate::cid::Cid;

/// Bytes and the CID that names them. Holding one does not prove that they match: see [`Block::verify`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The name.
    pub cid: Cid,
    /// The bytes.
    pub data: Bytes,
}

impl Block {
    /// Pairs a CID with its bytes, unchecked.
    #[must_use]
    pub fn new(cid: Cid, data: Bytes) -> Self {
        Self { cid, data }
    }

    /// Whether the bytes hash to the CID; `Err` when the hash function is not known here.
    pub fn verify(&self) -> Result<bool, crate::multihash::HashError> {
        self.cid.hash().matches(&self.data)
    }
}
