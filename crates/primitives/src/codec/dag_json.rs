//! DAG-JSON: JSON with links and bytes.
//!
//! Spec: <https://ipld.io/specs/codecs/dag-json/spec/>
//!
//! A map with the single key `/` is a link if its value is text, and bytes if its value is `{"bytes": base64}`. The
//! output is the same as Kubo's: keys sorted, no white space, and a float without a fraction written without a point.
//! (The spec requires a point: such a float is read back as an integer.) Extensions of Kubo's parser that are
//! unambiguous are accepted: a comma before a closing bracket, base64 with padding.

use bytes::Bytes;

use super::CodecError;
use crate::cid_list::CidList;
use crate::ipld::{Builder, Ipld};

mod scan;
mod write;

use scan::{Scanner, Token};
pub(super) use write::encode_as;

/// The differences of plain JSON.
#[derive(Clone, Copy)]
pub(super) struct Dialect {
    pub(super) codec: &'static str,
    /// Whether the key `/` makes links and bytes; there are none otherwise.
    pub(super) reserved: bool,
    /// Whether it is written in one line with sorted keys; with line breaks and tabs and in their order otherwise.
    pub(super) compact: bool,
}

const DAG_JSON: Dialect = Dialect {
    codec: "dag-json",
    reserved: true,
    compact: true,
};
pub(super) const JSON: Dialect = Dialect {
    codec: "json",
    reserved: false,
    compact: false,
};

/// Reads a block.
///
/// # Errors
/// [`CodecError::Truncated`], [`CodecError::Malformed`], [`CodecError::Link`], [`CodecError::TooDeep`],
/// [`CodecError::TooLarge`], [`CodecError::RepeatedKey`].
pub fn decode(bytes: &Bytes) -> Result<Ipld, CodecError> {
    decode_as(DAG_JSON, bytes)
}

/// Writes the canonical form of a value.
///
/// # Errors
/// [`CodecError::TooDeep`]; [`CodecError::Unsupported`] for NaN and infinities; [`CodecError::RepeatedKey`].
pub fn encode(value: &Ipld) -> Result<Vec<u8>, CodecError> {
    encode_as(DAG_JSON, value)
}

/// The links of a block in the order of the bytes.
///
/// # Errors
/// As for [`decode`].
pub fn links(bytes: &[u8]) -> Result<CidList, CodecError> {
    Ok(read(DAG_JSON, bytes)?.links())
}

pub(super) fn decode_as(dialect: Dialect, bytes: &Bytes) -> Result<Ipld, CodecError> {
    read(dialect, bytes)
}

fn read(dialect: Dialect, bytes: &[u8]) -> Result<Ipld, CodecError> {
    let mut scanner = Scanner::new(dialect, bytes);
    let mut builder = Builder::new(dialect.codec);
    // For each open list or map: whether it has keys.
    let mut open: Vec<bool> = Vec::new();
    loop {
        let value = match scanner.value()? {
            Token::Value(value) => Some(value),
            Token::OpenList => {
                builder.open_list()?;
                open.push(false);
                None
            }
            Token::OpenMap if dialect.reserved => {
                builder.open_json_map()?;
                open.push(true);
                None
            }
            Token::OpenMap => {
                builder.open_map()?;
                open.push(true);
                None
            }
        };
        let mut entered = value.is_none();
        let mut next = value;
        // Puts the value where it belongs, and closes what closes after it, until the start of another value.
        loop {
            if let Some(value) = next.take()
                && let Some(whole) = builder.value(value)?
            {
                scanner.finish()?;
                return Ok(whole);
            }
            let is_map = open.last().copied().unwrap_or_default();
            if scanner.closes(is_map, entered)? {
                open.pop();
                let depth = builder.depth();
                let closed = builder.close()?;
                next = Some(if is_map && dialect.reserved {
                    scanner.reserved(closed, depth)?
                } else {
                    closed
                });
                entered = false;
                continue;
            }
            if is_map {
                builder.key(scanner.key()?)?;
            }
            break;
        }
    }
}

#[cfg(test)]
mod tests;
