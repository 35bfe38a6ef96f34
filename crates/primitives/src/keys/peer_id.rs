//! Peer IDs.

use std::fmt;
use std::str::FromStr;

use super::{KeyError, PublicKey};
use crate::cid::{Cid, CidError, Codec};
use crate::multibase::{self, Base};
use crate::multihash::{HashError, Multihash};
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
    /// The text is not a CID.
    #[error("not a peer ID: {0}")]
    Cid(CidError),
    /// The CID is not of a key.
    #[error("a CID of codec {} is not a peer ID", Quoted(.0))]
    Codec(String),
}

/// A peer ID, of a peer or the key of a mutable name: the multihash of its public key.
///
/// Displayed in base58btc (`12D3Koo…`, `Qm…`).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PeerId(pub(super) Multihash);

impl PeerId {
    /// Reads the binary form: a multihash and nothing else.
    ///
    /// # Errors
    /// [`PeerIdError::Hash`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, PeerIdError> {
        Multihash::from_bytes(bytes)
            .map(Self)
            .map_err(PeerIdError::Hash)
    }

    /// Reads the CID of a key.
    ///
    /// # Errors
    /// [`PeerIdError::Codec`] when the CID is of something else.
    pub fn from_cid(cid: &Cid) -> Result<Self, PeerIdError> {
        if cid.codec() != Codec::LIBP2P_KEY {
            return Err(PeerIdError::Codec(cid.codec().to_string()));
        }
        Ok(Self(cid.hash().clone()))
    }

    /// The binary form.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// The multihash.
    #[must_use]
    pub fn hash(&self) -> &Multihash {
        &self.0
    }

    /// The CID of the key.
    #[must_use]
    pub fn to_cid(&self) -> Cid {
        Cid::v1(Codec::LIBP2P_KEY, self.0.clone())
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
        self.0.identity_data().map(PublicKey::decode).transpose()
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
        let mut text = String::with_capacity(64);
        multibase::encode_base58(self.as_bytes(), &mut text);
        f.pad(&text)
    }
}

impl fmt::Debug for PeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PeerId({self})")
    }
}
