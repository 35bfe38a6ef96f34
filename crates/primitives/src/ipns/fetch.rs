//! Messages of the fetch protocol, by which peers ask each other for the records of names.
//!
//! Spec: <https://specs.ipfs.tech/ipns/ipns-pubsub-router/#libp2p-fetch-protocol>

use super::fields::{put_bytes, put_number};
use crate::codec::protobuf::{BYTES, Reader, VARINT, WireError};

/// Maximum size of a request, in bytes.
pub const MAX_REQUEST: usize = 1024;

/// Maximum size of a response, in bytes: a record has 10 KiB at most.
pub const MAX_RESPONSE: usize = 16 << 10;

/// Bytes are no message of the fetch protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a message of the fetch protocol: {reason} at byte {at}")]
pub struct FetchError {
    reason: &'static str,
    at: usize,
}

impl From<WireError> for FetchError {
    fn from(error: WireError) -> Self {
        Self {
            reason: error.reason,
            at: error.at,
        }
    }
}

/// The answer to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Response {
    /// The record.
    Record(Vec<u8>),
    /// The peer has none.
    NotFound,
    /// The peer cannot answer.
    Error,
}

/// Writes a request for the record of a key.
#[must_use]
pub fn encode_request(key: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(key.len() + 4);
    put_bytes(1, key, &mut out);
    out
}

/// Reads the key of a request, which is empty where the request has none.
///
/// # Errors
/// [`FetchError`] if the bytes are no request.
pub fn decode_request(bytes: &[u8]) -> Result<Vec<u8>, FetchError> {
    let mut reader = Reader::new(bytes);
    let mut key: &[u8] = &[];
    while !reader.is_empty() {
        match reader.tag()? {
            (1, BYTES) => {
                let range = reader.bytes()?;
                key = reader.slice(&range);
            }
            (1, _) => return Err(reader.error("the identifier is not bytes").into()),
            (_, wire) => reader.skip(wire)?,
        }
    }
    Ok(key.to_vec())
}

impl Response {
    /// Writes the response.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let (status, data): (_, &[u8]) = match self {
            Self::Record(data) => (None, data),
            Self::NotFound => (Some(1), &[]),
            Self::Error => (Some(2), &[]),
        };
        let mut out = Vec::with_capacity(data.len() + 8);
        put_number(1, status, &mut out);
        put_bytes(2, data, &mut out);
        out
    }

    /// Reads a response. An unknown status is [`Response::Error`].
    ///
    /// # Errors
    /// [`FetchError`] if the bytes are no response.
    pub fn decode(bytes: &[u8]) -> Result<Self, FetchError> {
        let mut reader = Reader::new(bytes);
        let (mut status, mut data): (_, &[u8]) = (0, &[]);
        while !reader.is_empty() {
            match reader.tag()? {
                (1, VARINT) => status = reader.varint()?,
                (2, BYTES) => {
                    let range = reader.bytes()?;
                    data = reader.slice(&range);
                }
                (1 | 2, _) => return Err(reader.error("a field has the wrong type").into()),
                (_, wire) => reader.skip(wire)?,
            }
        }
        Ok(match status {
            0 => Self::Record(data.to_vec()),
            1 => Self::NotFound,
            _ => Self::Error,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_encoding_is_that_of_the_specification() {
        // An identifier need not be text.
        assert_eq!(encode_request(b"/ipns/\xff"), b"\x0a\x07/ipns/\xff");
        assert_eq!(Response::Record(b"r".to_vec()).encode(), b"\x12\x01r");
        assert_eq!(Response::NotFound.encode(), b"\x08\x01");
        assert_eq!(Response::Error.encode(), b"\x08\x02");
    }

    #[test]
    fn what_is_written_is_read() {
        for key in [&b""[..], b"/ipns/\x00\x24\xff"] {
            assert_eq!(decode_request(&encode_request(key)).unwrap(), key);
        }
        for response in [
            Response::Record(Vec::new()),
            Response::Record(vec![7; 300]),
            Response::NotFound,
            Response::Error,
        ] {
            assert_eq!(Response::decode(&response.encode()).unwrap(), response);
        }
    }

    #[test]
    fn other_bytes_are_refused() {
        for wrong in [&b"\x0a\xff"[..], b"\x08\x01", b"\x0a", b"\x0b"] {
            assert!(decode_request(wrong).is_err(), "{wrong:x?}");
        }
        for wrong in [&b"\x0a\x00"[..], b"\x10\x01", b"\x12\x05r", b"\x08"] {
            assert!(Response::decode(wrong).is_err(), "{wrong:x?}");
        }
        // What the future may add is skipped.
        assert_eq!(decode_request(b"\x10\x01\x0a\x01k").unwrap(), b"k");
        assert_eq!(Response::decode(b"\x08\x07").unwrap(), Response::Error);
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_bytes_do_not_panic(bytes: Vec<u8>) {
            let _ = decode_request(&bytes);
            let _ = Response::decode(&bytes);
        }
    }
}
