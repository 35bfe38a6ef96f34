//! DAG-CBOR: CBOR with links and a canonical form.
//!
//! Spec: <https://ipld.io/specs/codecs/dag-cbor/spec/>
//!
//! Encoding is canonical: keys sorted by length, then by bytes; shortest heads; floats in 64 bits. Decoding accepts
//! what was published before the rules were settled, as Kubo does: indefinite lengths, any order of keys, longer
//! heads, shorter floats, NaN and infinities, text that is not UTF-8, `undefined` for null, and a skipped tag before
//! anything but bytes. It refuses bytes with a tag other than 42, nested tags, and repeated keys.

use bytes::Bytes;

use super::{CodecError, MAX_DEPTH};
use crate::cid_list::CidList;
use crate::ipld::{Builder, Ipld};

mod read;
mod write;

use read::{Frame, Item, Reader, SimpleValue, Span};
pub(super) use write::encode_as;

const LINK_TAG: u64 = 42;

const UNSIGNED: u8 = 0;
const NEGATIVE: u8 = 1;
const BYTES: u8 = 2;
const TEXT: u8 = 3;
const LIST: u8 = 4;
const MAP: u8 = 5;
const TAG: u8 = 6;

/// What ends a value whose length is open.
const BREAK: u8 = 0xff;

/// The differences of plain CBOR.
#[derive(Clone, Copy)]
pub(super) struct Dialect {
    pub(super) codec: &'static str,
    /// Whether tag 42 is a link; an error otherwise.
    pub(super) links: bool,
    /// Whether keys are sorted; written in their order otherwise.
    pub(super) sorted: bool,
}

const DAG_CBOR: Dialect = Dialect {
    codec: "dag-cbor",
    links: true,
    sorted: true,
};
pub(super) const CBOR: Dialect = Dialect {
    codec: "cbor",
    links: false,
    sorted: false,
};

/// Reads a block. Bytes inside the value are slices of the input, not copies.
///
/// # Errors
/// [`CodecError::Truncated`], [`CodecError::Malformed`], [`CodecError::Link`], [`CodecError::TooDeep`],
/// [`CodecError::TooLarge`], [`CodecError::RepeatedKey`].
pub fn decode(bytes: &Bytes) -> Result<Ipld, CodecError> {
    decode_as(DAG_CBOR, bytes)
}

/// Writes the canonical form of a value.
///
/// # Errors
/// [`CodecError::TooDeep`]; [`CodecError::Unsupported`] for integers of more than 64 bits;
/// [`CodecError::RepeatedKey`].
pub fn encode(value: &Ipld) -> Result<Vec<u8>, CodecError> {
    encode_as(DAG_CBOR, value)
}

/// The links of a block in the order of the bytes. Does not build the value and does not check for repeated keys;
/// accepts everything that [`decode`] accepts.
///
/// # Errors
/// [`CodecError::Truncated`], [`CodecError::Malformed`], [`CodecError::Link`], [`CodecError::TooDeep`].
pub fn links(bytes: &[u8]) -> Result<CidList, CodecError> {
    let mut reader = Reader::new(DAG_CBOR, bytes);
    let mut found = CidList::new();
    let mut open: Vec<Frame> = Vec::new();
    loop {
        let ended = match open.last() {
            Some(frame) if frame.ends(&mut reader) => {
                open.pop();
                true
            }
            Some(frame) if frame.keys => {
                reader.key()?;
                false
            }
            _ => false,
        };
        if !ended {
            match reader.item()? {
                Item::Integer(_) | Item::Simple(_) | Item::Text(_) | Item::Bytes(_) => {}
                Item::Link(cid) => found.push(&cid),
                Item::Open(_) if open.len() >= MAX_DEPTH => {
                    return Err(CodecError::TooDeep(DAG_CBOR.codec));
                }
                Item::Open(frame) => {
                    open.push(frame);
                    continue;
                }
            }
        }
        match open.last_mut() {
            Some(frame) => frame.count(),
            None => {
                reader.finish()?;
                return Ok(found);
            }
        }
    }
}

pub(super) fn decode_as(dialect: Dialect, bytes: &Bytes) -> Result<Ipld, CodecError> {
    let mut reader = Reader::new(dialect, bytes);
    let mut builder = Builder::new(dialect.codec);
    let mut open: Vec<Frame> = Vec::new();
    loop {
        let mut ended = None;
        if let Some(frame) = open.last() {
            if frame.ends(&mut reader) {
                open.pop();
                ended = Some(builder.close()?);
            } else if frame.keys {
                builder.key(reader.key()?.into_owned())?;
            }
        }
        let value = match ended {
            Some(value) => value,
            None => match reader.item()? {
                Item::Integer(number) => Ipld::Integer(number),
                Item::Text(text) => Ipld::String(text.into_owned().into()),
                Item::Bytes(Span::Whole(range)) => Ipld::Bytes(bytes.slice(range)),
                Item::Bytes(Span::Chunks(joined)) => Ipld::Bytes(joined.into()),
                Item::Link(cid) => Ipld::Link(cid),
                Item::Simple(SimpleValue::Null) => Ipld::Null,
                Item::Simple(SimpleValue::Bool(value)) => Ipld::Bool(value),
                Item::Simple(SimpleValue::Float(value)) => Ipld::Float(value),
                Item::Open(frame) => {
                    if frame.keys {
                        builder.open_map()?;
                    } else {
                        builder.open_list()?;
                    }
                    open.push(frame);
                    continue;
                }
            },
        };
        if let Some(whole) = builder.value(value)? {
            reader.finish()?;
            return Ok(whole);
        }
        if let Some(frame) = open.last_mut() {
            frame.count();
        }
    }
}

#[cfg(test)]
mod tests;
