//! Peer IDs.

use std::fmt;
use std::str::FromStr;

use super::{KeyError, PublicKey};
use crate::cid::{Cid, CidError, Codec};
use crate::multibase::{self, Base};
use crate::multihash::{HashError, IDENTITY, Multihash};
use crate::quote::Quoted;

/// Why a text or bytes are not a peer id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PeerIdError {
    /// The text looks like a base58 multihash and is not.
    #[error("not a peer ID: not a multihash in base58")]
    NotBase58,
    /// The bytes are not a multihash.
    #[error("not a peer ID: {0}")]
    Hash(HashError),
    /// The multihash cannot be that of a key: its function is not sha2-256, or it is an identity digest that is too long.
    #[error(
        "not a peer ID: expected a sha2-256 multihash or an identity multihash of at most 42 bytes"
    )]
    Unsupported,
    /// The text is not a CID.
    #[error("not a peer ID: {0}")]
    Cid(CidError),
    /// The CID is not of a key.
    #[error("a CID of codec {} is not a peer ID", Quoted(.0))]
    Codec(String),
}

/// A peer ID, of a peer or the key of a mutable name: the multihash of its public key.
///
/// Displayed in base58btc (`12D3Koo…`, `Qm…`). It is libp2p's, with the other texts that IPFS has for it.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PeerId(libp2p_identity::PeerId);

impl PeerId {
    /// Reads the binary form: a multihash and nothing else.
    ///
    /// # Errors
    /// [`PeerIdError::Hash`], [`PeerIdError::Unsupported`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, PeerIdError> {
        let hash = Multihash::from_bytes(bytes).map_err(PeerIdError::Hash)?;
        Self::from_hash(&hash)
    }

    /// Reads the CID of a key.
    ///
    /// # Errors
    /// [`PeerIdError::Codec`] if the CID is of something else, [`PeerIdError::Unsupported`].
    pub fn from_cid(cid: &Cid) -> Result<Self, PeerIdError> {
        if cid.codec() != Codec::LIBP2P_KEY {
            return Err(PeerIdError::Codec(cid.codec().to_string()));
        }
        Self::from_hash(cid.hash())
    }

    fn from_hash(hash: &Multihash) -> Result<Self, PeerIdError> {
        libp2p_identity::PeerId::from_bytes(hash.as_bytes())
            .map(Self)
            .map_err(|_| PeerIdError::Unsupported)
    }

    /// The binary form.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.to_bytes()
    }

    /// The multihash.
    #[must_use]
    pub fn hash(&self) -> Multihash {
        Multihash::hold(&self.to_bytes())
    }

    /// The CID of the key.
    #[must_use]
    pub fn to_cid(&self) -> Cid {
        Cid::v1(Codec::LIBP2P_KEY, self.hash())
    }

    /// The text of [`Self::to_cid`] in base 36 (`k51…`), the usual form of names, which fits into a domain name.
    #[must_use]
    pub fn to_base36(&self) -> String {
        self.to_cid().encode(Base::Base36Lower)
    }

    /// The public key, if the ID contains it.
    ///
    /// # Errors
    /// Those of [`PublicKey::decode`].
    pub fn public_key(&self) -> Result<Option<PublicKey>, KeyError> {
        let hash = self.0.as_ref();
        (hash.code() == IDENTITY)
            .then(|| PublicKey::decode(hash.digest()))
            .transpose()
    }
}

impl From<libp2p_identity::PeerId> for PeerId {
    fn from(id: libp2p_identity::PeerId) -> Self {
        Self(id)
    }
}

impl From<PeerId> for libp2p_identity::PeerId {
    fn from(id: PeerId) -> Self {
        id.0
    }
}

impl From<&PeerId> for libp2p_identity::PeerId {
    fn from(id: &PeerId) -> Self {
        id.0
    }
}

impl FromStr for PeerId {
    type Err = PeerIdError;

    /// Parses a multihash in base58btc, or the CID of a key in any base.
    fn from_str(text: &str) -> Result<Self, PeerIdError> {
        if text.starts_with("Qm") || text.starts_with('1') {
            let bytes = multibase::decode_base58_short(text).map_err(|_| PeerIdError::NotBase58)?;
            return Self::from_bytes(&bytes);
        }
        Self::from_cid(&text.parse().map_err(PeerIdError::Cid)?)
    }
}

impl fmt::Display for PeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0.to_base58())
    }
}

impl fmt::Debug for PeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PeerId({self})")
    }
}
