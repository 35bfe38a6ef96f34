//! Content identifiers.
//!
//! Spec: <https://github.com/multiformats/cid>

use std::fmt;
use std::str::FromStr;

use crate::multibase::{self, Base, MultibaseError};
use crate::multihash::{HashError, Multihash, SHA2_256};
use crate::varint::{self, VarintError};

mod format;

pub use format::FormatError;

/// Maximum length of a CID as text: a CID of a [`crate::multihash::MAX_DIGEST`] digest in base 2.
const MAX_TEXT: usize = 2048;

/// The version of a CID.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Version {
    /// A sha2-256 multihash of a dag-pb block, written in base58btc.
    V0,
    /// Version, codec and multihash, written in any multibase.
    V1,
}

/// The codec of a block: a multicodec code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Codec(pub u64);

impl Codec {
    /// Bytes with no structure.
    pub const RAW: Self = Self(0x55);
    /// MerkleDAG protobuf.
    pub const DAG_PB: Self = Self(0x70);
    /// DAG-CBOR.
    pub const DAG_CBOR: Self = Self(0x71);
    /// The key of a peer or a name.
    pub const LIBP2P_KEY: Self = Self(0x72);
    /// An object of Git.
    pub const GIT_RAW: Self = Self(0x78);
    /// Signed or encrypted objects of JOSE.
    pub const DAG_JOSE: Self = Self(0x85);
    /// DAG-JSON.
    pub const DAG_JSON: Self = Self(0x0129);
    /// Plain CBOR.
    pub const CBOR: Self = Self(0x51);
    /// Plain JSON.
    pub const JSON: Self = Self(0x0200);
}

/// Why something is not a CID.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CidError {
    /// Fewer characters than any CID has.
    #[error("invalid CID: it is shorter than any CID")]
    TooShort,
    /// More characters than any CID has.
    #[error("invalid CID: {0} characters are more than any CID has")]
    TooLong(usize),
    /// The text is not in a known multibase.
    #[error("invalid CID: {0}")]
    Base(MultibaseError),
    /// The text looks like a CIDv0 and is not base58btc.
    #[error("invalid CID: it looks like a CIDv0 but is not base58btc")]
    NotBase58,
    /// The version is neither 0 nor 1.
    #[error("invalid CID: unknown version {0}")]
    Version(u64),
    /// The bytes end inside a CIDv0.
    #[error("invalid CID: the bytes end inside a CIDv0")]
    ShortV0,
    /// The version or the codec is not a varint.
    #[error("invalid CID: {0}")]
    Varint(VarintError),
    /// The multihash is malformed.
    #[error("invalid CID: {0}")]
    Hash(HashError),
    /// A CIDv0 can only have a 32-byte sha2-256 digest.
    #[error(
        "a CIDv0 needs a sha2-256 digest of 32 bytes, not {length} bytes of hash function {code:#x}"
    )]
    NotV0 {
        /// The hash function's code.
        code: u64,
        /// The digest's length in bytes.
        length: usize,
    },
    /// Bytes follow the CID.
    #[error("invalid CID: {0} bytes follow it")]
    Trailing(usize),
    /// The bytes are not a CID.
    #[error("{0}")]
    Bytes(Box<Self>),
}

/// A content identifier: version, codec and multihash.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cid {
    version: Version,
    codec: Codec,
    hash: Multihash,
}

impl Cid {
    /// A CIDv0; the multihash must be a full sha2-256.
    ///
    /// # Errors
    /// [`CidError::NotV0`].
    pub fn v0(hash: Multihash) -> Result<Self, CidError> {
        let (code, length) = (hash.code(), hash.digest().len());
        if code != SHA2_256 || length != 32 {
            return Err(CidError::NotV0 { code, length });
        }
        Ok(Self {
            version: Version::V0,
            codec: Codec::DAG_PB,
            hash,
        })
    }

    /// A CIDv1.
    #[must_use]
    pub fn v1(codec: Codec, hash: Multihash) -> Self {
        Self {
            version: Version::V1,
            codec,
            hash,
        }
    }

    /// The version.
    #[must_use]
    pub fn version(&self) -> Version {
        self.version
    }

    /// The codec.
    #[must_use]
    pub fn codec(&self) -> Codec {
        self.codec
    }

    /// The multihash, by which blocks are stored.
    #[must_use]
    pub fn hash(&self) -> &Multihash {
        &self.hash
    }

    /// The same block as CIDv1.
    #[must_use]
    pub fn to_v1(&self) -> Self {
        Self {
            version: Version::V1,
            ..self.clone()
        }
    }

    /// The same block as CIDv0, if possible: sha2-256 of dag-pb.
    #[must_use]
    pub fn to_v0(&self) -> Option<Self> {
        (self.codec == Codec::DAG_PB)
            .then(|| Self::v0(self.hash.clone()).ok())
            .flatten()
    }

    /// The CIDv1 `raw` of the same multihash: how a store names a block whose codec it does not know.
    #[must_use]
    pub fn to_raw(&self) -> Self {
        Self::v1(Codec::RAW, self.hash.clone())
    }

    /// Reads a CID from the front of some bytes; returns it and its length.
    ///
    /// # Errors
    /// [`CidError::Version`], [`CidError::ShortV0`], [`CidError::Varint`], [`CidError::Hash`].
    pub fn read(bytes: &[u8]) -> Result<(Self, usize), CidError> {
        if bytes.len() > 2 && bytes.starts_with(&[0x12, 0x20]) {
            let whole = bytes.get(..34).ok_or(CidError::ShortV0)?;
            let (hash, used) = Multihash::read(whole).map_err(CidError::Hash)?;
            return Ok((
                Self {
                    version: Version::V0,
                    codec: Codec::DAG_PB,
                    hash,
                },
                used,
            ));
        }
        let (version, version_len) = varint::decode(bytes).map_err(CidError::Varint)?;
        if version != 1 {
            return Err(CidError::Version(version));
        }
        let rest = bytes.get(version_len..).unwrap_or_default();
        let (codec, codec_len) = varint::decode(rest).map_err(CidError::Varint)?;
        let rest = rest.get(codec_len..).unwrap_or_default();
        let (hash, hash_len) = Multihash::read(rest).map_err(CidError::Hash)?;
        Ok((
            Self::v1(Codec(codec), hash),
            version_len + codec_len + hash_len,
        ))
    }

    /// Reads bytes that are exactly one CID.
    ///
    /// # Errors
    /// [`CidError::Bytes`] with what [`Self::read`] says, [`CidError::Trailing`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CidError> {
        match Self::read(bytes) {
            Ok((cid, used)) if used == bytes.len() => Ok(cid),
            Ok((_, used)) => Err(CidError::Trailing(bytes.len() - used)),
            Err(error) => Err(CidError::Bytes(Box::new(error))),
        }
    }

    /// Appends the binary form.
    pub fn write(&self, out: &mut impl Extend<u8>) {
        if self.version == Version::V1 {
            varint::encode(1, out);
            varint::encode(self.codec.0, out);
        }
        out.extend(self.hash.as_bytes().iter().copied());
    }

    /// The binary form.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.encoded_len());
        self.write(&mut out);
        out
    }

    /// Bytes that the binary form takes.
    #[must_use]
    pub fn encoded_len(&self) -> usize {
        let prefix = if self.version == Version::V1 {
            1 + varint::len(self.codec.0)
        } else {
            0
        };
        prefix + self.hash.as_bytes().len()
    }

    /// The text form in a base; a CIDv0 has only base58btc and ignores the base.
    #[must_use]
    pub fn encode(&self, base: Base) -> String {
        let mut out = String::with_capacity(64);
        self.encode_to(base, &mut out);
        out
    }

    /// Appends the text form in a base.
    pub fn encode_to(&self, base: Base, out: &mut String) {
        match self.version {
            Version::V0 => multibase::encode_base58(self.hash.as_bytes(), out),
            Version::V1 => {
                let mut bytes = multibase::SmallBytes::new();
                varint::encode(1, &mut bytes);
                varint::encode(self.codec.0, &mut bytes);
                bytes.extend_from_slice(self.hash.as_bytes());
                multibase::encode_to(base, &bytes, out);
            }
        }
    }

    /// Parses the text form; returns the CID and its base.
    ///
    /// # Errors
    /// Every [`CidError`].
    pub fn parse(text: &str) -> Result<(Self, Base), CidError> {
        if text.len() < 2 {
            return Err(CidError::TooShort);
        }
        if text.len() > MAX_TEXT {
            return Err(CidError::TooLong(text.len()));
        }
        if text.len() == 46 && text.starts_with("Qm") {
            let bytes = multibase::decode_base58_short(text).map_err(|_| CidError::NotBase58)?;
            let hash = Multihash::from_bytes(&bytes).map_err(CidError::Hash)?;
            return Ok((Self::v0(hash)?, Base::Base58Btc));
        }
        let (base, bytes) = multibase::decode_short(text).map_err(CidError::Base)?;
        Ok((Self::from_bytes(&bytes)?, base))
    }
}

impl FromStr for Cid {
    type Err = CidError;

    fn from_str(text: &str) -> Result<Self, CidError> {
        Self::parse(text).map(|(cid, _)| cid)
    }
}

impl fmt::Display for Cid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.encode(Base::Base32Lower))
    }
}

impl fmt::Debug for Cid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cid({self})")
    }
}

#[cfg(test)]
mod tests;
