//! Content archives (CAR): a header with roots, followed by blocks.
//!
//! [`Decoder`] reads both versions from bytes that arrive in any pieces; [`v1`] and [`v2`] hold the pieces that
//! writers need.
//!
//! Spec: <https://ipld.io/specs/transport/car/>

mod decoder;
mod header;
pub mod index;
pub mod v1;
pub mod v2;

pub use decoder::{Decoder, Event, Limits};

use crate::block::Block;
use crate::cid::{Cid, CidError, Version};
use crate::multihash::{HashError, HashFunction, Multihash};
use crate::varint::VarintError;

/// Why bytes are not a CAR.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CarError {
    /// The input is empty.
    #[error("the archive is empty")]
    Empty,
    /// The bytes end inside a header or a section.
    #[error("the archive ends too early")]
    Truncated,
    /// A length is malformed.
    #[error("invalid section length")]
    Length(#[from] VarintError),
    /// The header is larger than [`Limits::header`].
    #[error("the header is too large")]
    HeaderTooLarge,
    /// A section is larger than [`Limits::section`].
    #[error("a section is too large")]
    SectionTooLarge,
    /// The header is not a valid DAG-CBOR map.
    #[error("invalid header: {0}")]
    Header(&'static str),
    /// A root is not a CID.
    #[error("a root in the header is not a CID")]
    Root(#[source] CidError),
    /// The version is neither 1 nor 2.
    #[error("invalid CAR version {0}")]
    Version(u64),
    /// What a CARv2 holds is not a CARv1.
    #[error("the CARv2 contains a CAR of version {0}, expected 1")]
    PayloadVersion(u64),
    /// The data of a CARv2 begins inside its header.
    #[error("invalid data offset {0}")]
    DataOffset(u64),
    /// The data of a CARv2 is empty, or larger than 63 bits.
    #[error("invalid data size {0}")]
    DataSize(u64),
    /// The index of a CARv2 is beyond 63 bits.
    #[error("invalid index offset {0}")]
    IndexOffset(u64),
    /// A section does not begin with a CID.
    #[error("a section does not begin with a CID")]
    Cid(#[source] CidError),
    /// A block does not match its CID.
    #[error("the content of block {expected} does not match its CID: it is that of {got}")]
    Mismatch {
        /// The CID in the archive.
        expected: Box<Cid>,
        /// The CID of the bytes.
        got: Box<Cid>,
    },
    /// A block's hash function is unknown.
    #[error("a block of the archive cannot be verified")]
    Hash(#[from] HashError),
    /// The index is malformed.
    #[error("malformed index: {0}")]
    Index(&'static str),
    /// The index has an unknown codec.
    #[error("unknown index codec: {0:#x}")]
    IndexCodec(u64),
}

/// Verifies that a block matches its CID. [`Decoder`] does not, so that hashing can use many threads.
pub fn verify(block: &Block) -> Result<(), CarError> {
    let hash = block.cid.hash();
    if hash.matches(&block.data)? {
        return Ok(());
    }
    let code = hash.code();
    let whole = HashFunction::from_code(code)?.digest(&block.data)?;
    let digest = whole.digest();
    let cut = digest.get(..hash.digest().len()).unwrap_or(digest);
    let got = Multihash::wrap(code, cut)?;
    let got = match block.cid.version() {
        Version::V0 => Cid::v0(got).map_err(CarError::Cid)?,
        Version::V1 => Cid::v1(block.cid.codec(), got),
    };
    Err(CarError::Mismatch {
        expected: Box::new(block.cid.clone()),
        got: Box::new(got),
    })
}
