//! Multihashes: self-describing digests, and the hash functions that Kubo supports.
//!
//! Spec: <https://github.com/multiformats/multihash>, codes: <https://github.com/multiformats/multicodec>

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::hash::{Hash, Hasher as StdHasher};

use crate::quote::Quoted;
use crate::varint::{self, VarintError};

mod function;
mod table;
#[cfg(test)]
mod tests;

pub use function::{HashFunction, Hasher, MIN_ALLOWED_DIGEST};

/// Maximum length of a digest in bytes; in Kubo as well for identity digests.
pub const MAX_DIGEST: usize = 128;
/// The code of `identity`: the digest is the data.
pub const IDENTITY: u64 = 0x00;
/// The code of `sha1`.
pub const SHA1: u64 = 0x11;
/// The code of `sha2-256`.
pub const SHA2_256: u64 = 0x12;

/// Encoded multihashes up to this length need no allocation: at least those of 32-byte digests with codes of up to 3
/// bytes.
const INLINE: usize = 38;

/// Why a multihash could not be read or made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HashError {
    /// Fewer bytes than any multihash has.
    #[error("a multihash has at least 2 bytes")]
    Empty,
    /// The code or the length is not a varint.
    #[error(transparent)]
    Varint(#[from] VarintError),
    /// The bytes end inside the digest.
    #[error("the data ends inside the digest")]
    Truncated,
    /// Bytes follow the multihash.
    #[error("{0} bytes follow the multihash")]
    Trailing(usize),
    /// The digest is longer than [`MAX_DIGEST`].
    #[error("the {} digest of {length} bytes is too long: at most {MAX_DIGEST} bytes", name_of(*.code))]
    TooLong {
        /// The function's code.
        code: u64,
        /// The digest's length in bytes.
        length: u64,
    },
    /// The digest is shorter than [`MIN_ALLOWED_DIGEST`].
    #[error("the {} digest of {length} bytes is too short: at least {MIN_ALLOWED_DIGEST} bytes", name_of(*.code))]
    TooShort {
        /// The function's code.
        code: u64,
        /// The digest's length in bytes.
        length: usize,
    },
    /// The hash function is not secure enough to store or serve blocks.
    #[error("the hash function is not secure enough to be used")]
    NotAllowed,
    /// The hash function is unknown.
    #[error("unknown hash function {0:#x}")]
    UnknownCode(u64),
    /// No function has this name.
    #[error("unknown hash function {}", Quoted(.0))]
    UnknownName(String),
    /// The function cannot give a digest of this length.
    #[error("{function} has no digest of {length} bytes")]
    Length {
        /// The function's name.
        function: &'static str,
        /// The length that was asked for, in bytes.
        length: usize,
    },
    /// An identity digest must have the length of its data.
    #[error("an identity digest of {data} bytes of data cannot have {length} bytes")]
    IdentityLength {
        /// The length that was asked for, in bytes.
        length: usize,
        /// The data's length in bytes.
        data: usize,
    },
}

fn name_of(code: u64) -> String {
    HashFunction::from_code(code).map_or_else(
        |_| format!("unknown({code})"),
        |function| function.name().to_owned(),
    )
}

/// A multihash in its encoded form: the hash function's code, the length and the digest.
///
/// The encoded form is the key of a block everywhere in Cairn: CIDs with the same multihash name the same bytes. It
/// borrows as `[u8]`, so maps keyed by multihash can be queried with bytes.
#[derive(Clone)]
pub struct Multihash(Repr);

#[derive(Clone)]
enum Repr {
    Inline { len: u8, bytes: [u8; INLINE] },
    Heap(Box<[u8]>),
}

impl Multihash {
    /// Holds bytes that are known to be one multihash.
    pub(crate) fn hold(encoded: &[u8]) -> Self {
        let mut bytes = [0; INLINE];
        match (bytes.get_mut(..encoded.len()), u8::try_from(encoded.len())) {
            (Some(place), Ok(len)) => {
                place.copy_from_slice(encoded);
                Self(Repr::Inline { len, bytes })
            }
            _ => Self(Repr::Heap(encoded.into())),
        }
    }

    /// Hashes the bytes of a block with the function of this code, to a digest of `length` bytes: numbers that a peer may have
    /// chosen.
    ///
    /// # Errors
    /// [`HashError`] when the function is unknown, not allowed for blocks, or has no such digest.
    pub fn of_block(code: u64, length: u64, data: &[u8]) -> Result<Self, HashError> {
        if code == SHA2_256 && length == 32 {
            return Ok(Self::sha2_256(data));
        }
        let length = usize::try_from(length)
            .ok()
            .filter(|length| *length <= MAX_DIGEST)
            .ok_or(HashError::TooLong { code, length })?;
        let hash = HashFunction::from_code(code)?.digest_with_length(data, length)?;
        HashFunction::verify_allowed(&hash)?;
        Ok(hash)
    }

    /// Wraps a digest.
    ///
    /// # Errors
    /// [`HashError::TooLong`] past [`MAX_DIGEST`] bytes, [`HashError::Varint`] when the code has more than 63 bits.
    pub fn wrap(code: u64, digest: &[u8]) -> Result<Self, HashError> {
        if digest.len() > MAX_DIGEST {
            return Err(HashError::TooLong {
                code,
                length: digest.len() as u64,
            });
        }
        if code > varint::MAX_VALUE {
            return Err(HashError::Varint(VarintError::Overflow));
        }
        let mut encoded = Vec::with_capacity(varint::len(code) + 2 + digest.len());
        varint::encode(code, &mut encoded);
        varint::encode(digest.len() as u64, &mut encoded);
        encoded.extend_from_slice(digest);
        Ok(Self::hold(&encoded))
    }

    /// The sha2-256 of some data.
    #[must_use]
    pub fn sha2_256(data: &[u8]) -> Self {
        use sha2::Digest as _;
        Self::of_sha2_256(&sha2::Sha256::digest(data).into())
    }

    /// Wraps a sha2-256 that was computed elsewhere.
    #[must_use]
    pub fn of_sha2_256(digest: &[u8; 32]) -> Self {
        let mut bytes = [0; INLINE];
        if let Some((header, rest)) = bytes.split_first_chunk_mut()
            && let Some(place) = rest.first_chunk_mut()
        {
            *header = [0x12, 0x20];
            *place = *digest;
        }
        Self(Repr::Inline { len: 34, bytes })
    }

    /// Reads a multihash from the front of some bytes; returns it and the count of bytes it took.
    ///
    /// # Errors
    /// [`HashError::Empty`], [`HashError::Varint`], [`HashError::Truncated`], [`HashError::TooLong`].
    pub fn read(bytes: &[u8]) -> Result<(Self, usize), HashError> {
        // What nearly all of them are.
        if let Some(([0x12, 0x20], rest)) = bytes.split_first_chunk()
            && let Some(digest) = rest.first_chunk()
        {
            return Ok((Self::of_sha2_256(digest), 34));
        }
        if bytes.len() < 2 {
            return Err(HashError::Empty);
        }
        let (code, code_len) = varint::decode(bytes)?;
        let (length, length_len) = varint::decode(bytes.get(code_len..).unwrap_or_default())?;
        if length > MAX_DIGEST as u64 {
            return Err(HashError::TooLong { code, length });
        }
        let end = code_len + length_len + usize::try_from(length).unwrap_or(MAX_DIGEST);
        let whole = bytes.get(..end).ok_or(HashError::Truncated)?;
        Ok((Self::hold(whole), end))
    }

    /// Reads bytes that are exactly one multihash.
    ///
    /// # Errors
    /// Those of [`Self::read`], and [`HashError::Trailing`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, HashError> {
        match Self::read(bytes)? {
            (hash, used) if used == bytes.len() => Ok(hash),
            (_, used) => Err(HashError::Trailing(bytes.len() - used)),
        }
    }

    /// The encoded form: code, length, digest.
    #[must_use]
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Repr::Inline { len, bytes } => bytes.get(..usize::from(*len)).unwrap_or_default(),
            Repr::Heap(bytes) => bytes,
        }
    }

    /// The function's code.
    #[must_use]
    pub fn code(&self) -> u64 {
        varint::decode(self.as_bytes()).map_or(0, |(code, _)| code)
    }

    /// The digest.
    #[must_use]
    pub fn digest(&self) -> &[u8] {
        let bytes = self.as_bytes();
        // Two varints stand before the digest; the last byte of each is below 0x80.
        let mut ends = bytes
            .iter()
            .enumerate()
            .filter(|(_, byte)| **byte < 0x80)
            .map(|(at, _)| at + 1);
        ends.nth(1)
            .and_then(|start| bytes.get(start..))
            .unwrap_or_default()
    }

    /// The data itself, when the function is `identity`.
    #[must_use]
    pub fn identity_data(&self) -> Option<&[u8]> {
        (self.code() == IDENTITY).then(|| self.digest())
    }

    /// Whether some data has this multihash. The data is hashed at the digest's length (`mhlen`).
    ///
    /// # Errors
    /// [`HashError::UnknownCode`] when the function is not built in, [`HashError::Length`] when it cannot give a digest
    /// of this length.
    pub fn matches(&self, data: &[u8]) -> Result<bool, HashError> {
        let code = self.code();
        let digest = self.digest();
        if code == IDENTITY {
            return Ok(digest == data);
        }
        if code == SHA2_256 && digest.len() == 32 {
            return Ok(*self == Self::sha2_256(data));
        }
        // A digest of no bytes would match everything.
        if digest.is_empty() {
            return Ok(false);
        }
        Ok(*self == HashFunction::from_code(code)?.digest_with_length(data, digest.len())?)
    }
}

impl PartialEq for Multihash {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for Multihash {}

impl Hash for Multihash {
    fn hash<H: StdHasher>(&self, state: &mut H) {
        self.as_bytes().hash(state);
    }
}

impl PartialOrd for Multihash {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Multihash {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_bytes().cmp(other.as_bytes())
    }
}

impl Borrow<[u8]> for Multihash {
    fn borrow(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl AsRef<[u8]> for Multihash {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
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
