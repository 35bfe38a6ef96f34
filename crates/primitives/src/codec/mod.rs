//! Codecs: decode and encode blocks, and find their links.
//!
//! Every decoder here bounds its depth and never allocates by a count that the input claims.

use bytes::Bytes;

use crate::bytestring::ByteString;
use crate::cid::{CidError, Codec};
use crate::cid_list::CidList;
use crate::ipld::Ipld;
use crate::quote::Quoted;

pub mod dag_cbor;
pub mod dag_jose;
pub mod dag_json;
pub mod dag_pb;
mod fields;
pub mod git_raw;
mod names;
pub(crate) mod protobuf;
pub mod raw;

/// Maximum nesting depth of lists, maps and links.
pub const MAX_DEPTH: usize = 1024;

/// The links of a block, in the order of its bytes; they take no more memory than the block itself. Does not build the value
/// if the codec allows.
///
/// Raw blocks, plain CBOR and JSON, and keys have none, and are not decoded.
///
/// # Errors
/// [`CodecError::Unknown`] for an unknown codec; the errors of the decoder.
pub fn links(codec: Codec, data: &[u8]) -> Result<CidList, CodecError> {
    match codec {
        Codec::RAW | Codec::CBOR | Codec::JSON | Codec::LIBP2P_KEY => Ok(CidList::new()),
        Codec::DAG_PB => dag_pb::links(data),
        Codec::DAG_CBOR => dag_cbor::links(data),
        Codec::DAG_JSON => dag_json::links(data),
        Codec::DAG_JOSE => dag_jose::links(data),
        Codec::GIT_RAW => git_raw::links(data),
        _ => Err(CodecError::Unknown(codec)),
    }
}

/// The value of a block.
///
/// # Errors
/// [`CodecError::Unknown`] for an unknown codec; the errors of the decoder.
pub fn decode(codec: Codec, data: &Bytes) -> Result<Ipld, CodecError> {
    match codec {
        Codec::RAW => Ok(raw::decode(data)),
        Codec::DAG_PB => dag_pb::Node::decode(data).map(dag_pb::to_ipld),
        Codec::DAG_CBOR => dag_cbor::decode(data),
        Codec::DAG_JSON => dag_json::decode(data),
        Codec::DAG_JOSE => dag_jose::decode(data),
        Codec::GIT_RAW => git_raw::decode(data),
        Codec::CBOR => dag_cbor::decode_as(dag_cbor::CBOR, data),
        Codec::JSON => dag_json::decode_as(dag_json::JSON, data),
        _ => Err(CodecError::Unknown(codec)),
    }
}

/// The bytes of a value.
///
/// # Errors
/// [`CodecError::UnknownEncoder`] for an unknown codec; the errors of the encoder.
pub fn encode(codec: Codec, value: &Ipld) -> Result<Vec<u8>, CodecError> {
    match codec {
        Codec::RAW => raw::encode(value),
        Codec::DAG_PB => dag_pb::from_ipld(value).map(|node| node.encode()),
        Codec::DAG_CBOR => dag_cbor::encode(value),
        Codec::DAG_JSON => dag_json::encode(value),
        Codec::DAG_JOSE => dag_jose::encode(value),
        Codec::GIT_RAW => git_raw::encode(value),
        Codec::CBOR => dag_cbor::encode_as(dag_cbor::CBOR, value),
        Codec::JSON => dag_json::encode_as(dag_json::JSON, value),
        _ => Err(CodecError::UnknownEncoder(codec)),
    }
}

/// Converts bytes from one codec to another, for a new block. Unlike [`decode`] and then [`encode`], which preserve
/// what older writers made, this is strict: it refuses NaN, infinities and text that is not UTF-8, except that
/// git-raw to git-raw keeps its bytes.
///
/// # Errors
/// As for [`decode`] and [`encode`].
pub fn convert(from: Codec, to: Codec, data: &Bytes) -> Result<Vec<u8>, CodecError> {
    if (from, to) == (Codec::GIT_RAW, Codec::GIT_RAW) {
        return git_raw::rewrite(data);
    }
    let value = decode(from, data)?;
    // Names of links are bytes in dag-pb.
    if to != Codec::DAG_PB {
        refuse_loose(to, &value)?;
    }
    encode(to, &value)
}

/// Refuses a value that only older writers made.
fn refuse_loose(to: Codec, value: &Ipld) -> Result<(), CodecError> {
    let unsupported = |reason| {
        Err(CodecError::Unsupported {
            codec: to.name().unwrap_or("codec"),
            reason,
        })
    };
    let not_text = "text that is not UTF-8 cannot be written to a new block";
    let mut waiting = vec![value];
    while let Some(value) = waiting.pop() {
        match value {
            Ipld::Float(number) if !number.is_finite() => {
                return unsupported("NaN and infinities cannot be written to a new block");
            }
            Ipld::String(text) if text.as_str().is_none() => return unsupported(not_text),
            Ipld::List(items) => waiting.extend(items),
            Ipld::Map(entries) => {
                if entries.iter().any(|(key, _)| key.as_str().is_none()) {
                    return unsupported(not_text);
                }
                waiting.extend(entries.iter().map(|(_, value)| value));
            }
            _ => {}
        }
    }
    Ok(())
}

/// Why bytes could not be decoded, or a value not encoded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CodecError {
    /// The codec is unknown.
    #[error("no decoder for the codec {:#x}", .0.0)]
    Unknown(Codec),
    /// The codec is unknown.
    #[error("no encoder for the codec {:#x}", .0.0)]
    UnknownEncoder(Codec),
    /// No codec has this name.
    #[error("unknown codec {}", Quoted(.0))]
    UnknownName(String),
    /// The bytes are malformed.
    #[error("{codec}: {reason} at byte {at}")]
    Malformed {
        /// The codec's name.
        codec: &'static str,
        /// What is wrong.
        reason: &'static str,
        /// Where, in bytes from the front.
        at: usize,
    },
    /// The bytes end inside a value.
    #[error("{0}: the data ends inside a value")]
    Truncated(&'static str),
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
    /// The payload of a signed object is not a CID.
    #[error("the payload is not a CID")]
    Payload(#[source] CidError),
    /// The value nests deeper than [`MAX_DEPTH`].
    #[error("{0}: nested deeper than {MAX_DEPTH} levels")]
    TooDeep(&'static str),
    /// The block has too many values.
    #[error("{0}: more values than are built from one block")]
    TooLarge(&'static str),
    /// A map has a repeated key.
    #[error("the map key {} occurs twice", Quoted(.0))]
    RepeatedKey(ByteString),
    /// The codec cannot represent a value.
    #[error("{codec}: {reason}")]
    Unsupported {
        /// The codec's name.
        codec: &'static str,
        /// What cannot be written.
        reason: &'static str,
    },
    /// A value has the wrong kind.
    #[error("{codec}: {field} is of kind {found}, not {wanted}")]
    Kind {
        /// The codec's name.
        codec: &'static str,
        /// Where in the value.
        field: &'static str,
        /// The kind that is there.
        found: &'static str,
        /// The kind that should be.
        wanted: &'static str,
    },
    /// A required field is missing.
    #[error("required fields are missing: {0}")]
    Missing(&'static str),
    /// A field is unknown.
    #[error("{map} has no field {}", Quoted(.key))]
    UnknownField {
        /// The map's name in the codec's schema.
        map: &'static str,
        /// The field's name.
        key: ByteString,
    },
}

#[cfg(test)]
mod tests;
