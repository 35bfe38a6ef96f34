//! Self-describing digests, and the hash functions that Kubo takes.
//!
//! Spec: <https://github.com/multiformats/multihash>, codes: <https://github.com/multiformats/multicodec>

use smallvec::SmallVec;

use crate::varint;

mod function;

pub use function::{HashFunction, Hasher};

/// Longest digest in bytes. Kubo holds identity digests to the same bound.
pub const MAX_DIGEST: usize = 128;
/// The code of `identity`: the digest is the data.
pub const IDENTITY: u64 = 0x00;
/// The code of `sha2-256`.
pub const SHA2_256: u64 = 0x12;

/// Why a multihash could not be read or made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HashError {
    /// The bytes end early or a varint is malformed.
    #[error("not a multihash: {0}")]
    Malformed(&'static str),
    /// The digest is longer than [`MAX_DIGEST`].
    #[error("a digest of {0} bytes is longer than the {MAX_DIGEST} allowed")]
    TooLong(u64),
    /// No function with this code is built in.
    #[error("unknown multihash code {0:#x}")]
    UnknownCode(u64),
    /// No function with this name is built in.
    #[error("unrecognized hash function: {0:?}")]
    UnknownName(String),
    /// The function cannot give a digest of this length.
    #[error("{function} cannot give a digest of {length} bytes")]
    Length {
        /// The function's name.
        function: &'static str,
        /// The length that was asked for.
        length: usize,
    },
}

/// A digest with its function's code and its length, held in its encoded form.
///
/// The encoded form is the key of a block everywhere in Cairn: CIDs of one multihash name the same bytes.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Multihash {
    bytes: SmallVec<[u8; 40]>,
    /// Where the digest begins in `bytes`.
    digest_at: u8,
}

impl Multihash {
    /// Wraps a digest.
    pub fn wrap(code: u64, digest: &[u8]) -> Result<Self, HashError> {
        if digest.len() > MAX_DIGEST {
            return Err(HashError::TooLong(digest.len() as u64));
        }
        let mut bytes = SmallVec::new();
        varint::encode(code, &mut bytes);
        varint::encode(digest.len() as u64, &mut bytes);
        let digest_at = u8::try_from(bytes.len()).map_err(|_| HashError::Malformed("code"))?;
        bytes.extend_from_slice(digest);
        Ok(Self { bytes, digest_at })
    }

    /// The sha2-256 of some data.
    #[must_use]
    pub fn sha2_256(data: &[u8]) -> Self {
        use sha2::Digest as _;
        let mut bytes = SmallVec::new();
        bytes.extend_from_slice(&[0x12, 0x20]);
        bytes.extend_from_slice(&sha2::Sha256::digest(data));
        Self {
            bytes,
            digest_at: 2,
        }
    }

    /// Reads a multihash from the front of some bytes; returns it and the count of bytes it took.
    pub fn read(bytes: &[u8]) -> Result<(Self, usize), HashError> {
        let (_, code_len) =
            varint::decode(bytes).map_err(|_| HashError::Malformed("its code is no varint"))?;
        let (length, length_len) = varint::decode(bytes.get(code_len..).unwrap_or_default())
            .map_err(|_| HashError::Malformed("its length is no varint"))?;
        if length > MAX_DIGEST as u64 {
            return Err(HashError::TooLong(length));
        }
        let digest_at = code_len + length_len;
        #[expect(clippy::cast_possible_truncation, reason = "at most MAX_DIGEST")]
        let end = digest_at + length as usize;
        let whole = bytes
            .get(..end)
            .ok_or(HashError::Malformed("the digest is cut short"))?;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "two varints are at most 20 bytes"
        )]
        Ok((
            Self {
                bytes: SmallVec::from_slice(whole),
                digest_at: digest_at as u8,
            },
            end,
        ))
    }

    /// Reads bytes that are one multihash and nothing else.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, HashError> {
        match Self::read(bytes)? {
            (hash, used) if used == bytes.len() => Ok(hash),
            _ => Err(HashError::Malformed("bytes follow it")),
        }
    }

    /// The encoded form: code, length, digest.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The function's code.
    #[must_use]
    pub fn code(&self) -> u64 {
        varint::decode(&self.bytes).map_or(0, |(code, _)| code)
    }

    /// The digest.
    #[must_use]
    pub fn digest(&self) -> &[u8] {
        self.bytes
            .get(usize::from(self.digest_at)..)
            .unwrap_or_default()
    }

    /// The data itself, when the function is `identity`.
    #[must_use]
    pub fn identity_data(&self) -> Option<&[u8]> {
        (self.code() == IDENTITY).then(|| self.digest())
    }

    /// Whether some data has this multihash. A digest that is cut short (`mhlen`) is compared as far as it goes.
    pub fn matches(&self, data: &[u8]) -> Result<bool, HashError> {
        let code = self.code();
        if code == IDENTITY {
            return Ok(self.digest() == data);
        }
        if code == SHA2_256 && self.digest().len() == 32 {
            return Ok(*self == Self::sha2_256(data));
        }
        let made = HashFunction::from_code(code)?.digest(data)?;
        Ok(made.digest().starts_with(self.digest()) && !self.digest().is_empty())
    }
}

impl std::fmt::Debug for Multihash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Multihash({:#x}, {})",
            self.code(),
            data_encoding::HEXLOWER.encode(self.digest())
        )
    }
}
