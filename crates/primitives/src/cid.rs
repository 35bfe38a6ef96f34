//! Content identifiers.
//!
//! Spec: <https://github.com/multiformats/cid>

use std::fmt;
use std::str::FromStr;

use crate::multibase::{self, Base};
use crate::multihash::{HashError, Multihash, SHA2_256};
use crate::varint;

/// Longest text that is looked at as a CID: a CID of a [`crate::multihash::MAX_DIGEST`] digest in base 2.
const MAX_TEXT: usize = 2048;

/// The two versions in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Version {
    /// A bare sha2-256 multihash of dag-pb, written in base58btc.
    V0,
    /// Version, codec and multihash, written in any multibase.
    V1,
}

/// How a block's bytes are to be read: a multicodec code.
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
    #[error("cid too short")]
    TooShort,
    /// More characters than any CID has.
    #[error("cid of {0} characters is too long")]
    TooLong(usize),
    /// The text is not in a known multibase.
    #[error(transparent)]
    Base(#[from] multibase::MultibaseError),
    /// The version is neither 0 nor 1.
    #[error("expected 1 as the cid version number, got: {0}")]
    Version(u64),
    /// The bytes end early or a varint is malformed.
    #[error("not a cid: {0}")]
    Malformed(&'static str),
    /// The multihash is malformed.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// CIDv0 is sha2-256 of dag-pb and nothing else.
    #[error("a CIDv0 is always sha2-256 of 32 bytes")]
    NotV0,
    /// Bytes follow the CID.
    #[error("{0} bytes follow the cid")]
    Trailing(usize),
}

/// Names a block: version, codec, multihash.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cid {
    version: Version,
    codec: Codec,
    hash: Multihash,
}

impl Cid {
    /// A CIDv0; the multihash must be a whole sha2-256.
    pub fn v0(hash: Multihash) -> Result<Self, CidError> {
        if hash.code() != SHA2_256 || hash.digest().len() != 32 {
            return Err(CidError::NotV0);
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

    /// The CIDv1 `raw` of the same multihash: how a store names a block whose codec it does not know.
    #[must_use]
    pub fn to_raw(&self) -> Self {
        Self::v1(Codec::RAW, self.hash.clone())
    }

    /// Reads a CID from the front of some bytes; returns it and the count of bytes it took.
    pub fn read(bytes: &[u8]) -> Result<(Self, usize), CidError> {
        if bytes.starts_with(&[0x12, 0x20]) {
            let (hash, used) = Multihash::read(bytes)?;
            return Ok((Self::v0(hash)?, used));
        }
        let (version, version_len) =
            varint::decode(bytes).map_err(|_| CidError::Malformed("its version is no varint"))?;
        if version != 1 {
            return Err(CidError::Version(version));
        }
        let rest = bytes.get(version_len..).unwrap_or_default();
        let (codec, codec_len) =
            varint::decode(rest).map_err(|_| CidError::Malformed("its codec is no varint"))?;
        let (hash, hash_len) = Multihash::read(rest.get(codec_len..).unwrap_or_default())?;
        Ok((
            Self::v1(Codec(codec), hash),
            version_len + codec_len + hash_len,
        ))
    }

    /// Reads bytes that are one CID and nothing else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CidError> {
        match Self::read(bytes)? {
            (cid, used) if used == bytes.len() => Ok(cid),
            (_, used) => Err(CidError::Trailing(bytes.len() - used)),
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
        match self.version {
            Version::V0 => Base::Base58Btc.encode(self.hash.as_bytes()),
            Version::V1 => multibase::encode(base, &self.to_bytes()),
        }
    }

    /// Reads the text form and tells the base in which it was written.
    pub fn parse(text: &str) -> Result<(Self, Base), CidError> {
        if text.len() < 2 {
            return Err(CidError::TooShort);
        }
        if text.len() > MAX_TEXT {
            return Err(CidError::TooLong(text.len()));
        }
        if text.len() == 46 && text.starts_with("Qm") {
            let bytes = Base::Base58Btc
                .decode(text)
                .map_err(|_| multibase::MultibaseError::Invalid("base58btc"))?;
            return Ok((Self::v0(Multihash::from_bytes(&bytes)?)?, Base::Base58Btc));
        }
        let (base, bytes) = multibase::decode(text)?;
        // A CIDv0 has no multibase prefix: one that comes with a prefix is refused.
        if bytes.starts_with(&[0x12, 0x20]) {
            return Err(CidError::Version(0x12));
        }
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
        f.write_str(&self.encode(Base::Base32Lower))
    }
}

impl fmt::Debug for Cid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cid({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_versions() {
        for text in [
            "QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o",
            "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy",
        ] {
            let cid: Cid = text.parse().unwrap();
            assert_eq!(cid.to_string(), text);
            assert_eq!(Cid::from_bytes(&cid.to_bytes()).unwrap(), cid);
            assert_eq!(cid.to_bytes().len(), cid.encoded_len());
        }
    }
}
