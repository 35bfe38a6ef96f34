//! Codecs: how the bytes of a block are read, and which blocks they link to.
//!
//! Every decoder here bounds its depth and never allocates by a count that the input claims.

pub mod dag_pb;
mod names;
pub(crate) mod protobuf;

use crate::cid::{CidError, Codec};
use crate::quote::Quoted;

/// Deepest nesting of lists, maps and links that a decoder follows or an encoder writes.
pub const MAX_DEPTH: usize = 1024;

/// Why bytes could not be decoded, or a value not encoded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CodecError {
    /// No codec with this code is built in.
    #[error("no decoder registered for multicodec code {} ({:#x})", .0.0, .0.0)]
    Unknown(Codec),
    /// No codec has this name.
    #[error("unknown multicodec: {}", Quoted(.0))]
    UnknownName(String),
    /// The bytes are not in the codec's form.
    #[error("{codec}: {reason} at byte {at}")]
    Malformed {
        /// The codec's name.
        codec: &'static str,
        /// What is wrong.
        reason: &'static str,
        /// Where, in bytes from the front.
        at: usize,
    },
    /// A link's bytes are not a CID.
    #[error("{codec}: invalid link at byte {at}")]
    Link {
        /// The codec's name.
        codec: &'static str,
        /// Where the CID begins, in bytes from the front.
        at: usize,
        /// What is wrong with it.
        #[source]
        source: CidError,
    },
    /// The value nests deeper than [`MAX_DEPTH`].
    #[error("{0}: nested deeper than {MAX_DEPTH} levels")]
    TooDeep(&'static str),
    /// The bytes hold more values than are built from one block.
    #[error("{0}: message structure demanded too many resources to process")]
    TooLarge(&'static str),
    /// A map has a key twice.
    #[error("cannot repeat map key {}", Quoted(.0))]
    RepeatedKey(String),
    /// A value has no form in the codec.
    #[error("{codec}: {reason}")]
    Unsupported {
        /// The codec's name.
        codec: &'static str,
        /// What cannot be written.
        reason: &'static str,
    },
}
