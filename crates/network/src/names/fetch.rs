//! The fetch protocol: one request with a key, one response with a record.
//!
//! Specification: <https://specs.ipfs.tech/ipns/ipns-pubsub-router/#libp2p-fetch-protocol>.

use std::io;

use libp2p::futures::{AsyncReadExt as _, AsyncWriteExt as _};
use libp2p::swarm::Stream;
use prost::Message as _;

/// The protocol.
pub(super) const PROTOCOL: &str = "/libp2p/fetch/0.0.1";

/// Most bytes of a request.
pub const MAX_REQUEST: usize = 1024;

/// Most bytes of a response: a record has 10 KiB at most.
const MAX_RESPONSE: usize = 16 << 10;

/// Most bytes of the length that precedes a message.
const MAX_PREFIX: usize = 3;

#[derive(Clone, PartialEq, prost::Message)]
struct Request {
    #[prost(bytes = "vec", tag = "1")]
    identifier: Vec<u8>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Response {
    #[prost(enumeration = "Status", tag = "1")]
    status: i32,
    #[prost(bytes = "vec", tag = "2")]
    data: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, prost::Enumeration)]
#[repr(i32)]
enum Status {
    Ok = 0,
    NotFound = 1,
    Error = 2,
}

/// The key of a request without its length. Public for tests with arbitrary bytes.
///
/// # Errors
///
/// Fails if the bytes are no request.
pub fn decode_request(bytes: &[u8]) -> Result<Vec<u8>, prost::DecodeError> {
    Ok(Request::decode(bytes)?.identifier)
}

/// Asks a peer for the record of a key; `None` if it has none.
pub(super) async fn request(mut stream: Stream, key: Vec<u8>) -> io::Result<Option<Vec<u8>>> {
    write(&mut stream, &Request { identifier: key }).await?;
    stream.close().await?;
    let response = Response::decode(&*read(&mut stream, MAX_RESPONSE).await?)?;
    match Status::try_from(response.status) {
        Ok(Status::Ok) => Ok(Some(response.data)),
        Ok(Status::NotFound) => Ok(None),
        Ok(Status::Error) | Err(_) => Err(io::Error::other("the peer cannot answer")),
    }
}

/// Answers a request with the record of its key.
pub(super) async fn answer(
    mut stream: Stream,
    record: impl FnOnce(&[u8]) -> Option<Vec<u8>>,
) -> io::Result<()> {
    let key = decode_request(&read(&mut stream, MAX_REQUEST).await?)?;
    let (status, data) = match record(&key) {
        Some(data) => (Status::Ok, data),
        None => (Status::NotFound, Vec::new()),
    };
    let response = Response {
        status: status.into(),
        data,
    };
    write(&mut stream, &response).await?;
    stream.close().await
}

async fn write(stream: &mut Stream, message: &impl prost::Message) -> io::Result<()> {
    stream
        .write_all(&message.encode_length_delimited_to_vec())
        .await
}

/// Reads a message and the length that precedes it.
async fn read(stream: &mut Stream, limit: usize) -> io::Result<Vec<u8>> {
    let mut prefix = Vec::with_capacity(MAX_PREFIX);
    let length = loop {
        let mut byte = [0];
        stream.read_exact(&mut byte).await?;
        prefix.extend(byte);
        match unsigned_varint::decode::usize(&prefix) {
            Ok((length, _)) => break length,
            Err(unsigned_varint::decode::Error::Insufficient) if prefix.len() < MAX_PREFIX => {}
            Err(error) => return Err(io::Error::new(io::ErrorKind::InvalidData, error)),
        }
    };
    if length > limit {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("a message of {length} bytes, at most {limit} are allowed"),
        ));
    }
    let mut message = vec![0; length];
    stream.read_exact(&mut message).await?;
    Ok(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_need_not_be_text() {
        let request = Request {
            identifier: b"/ipns/\x00\x24\xff".to_vec(),
        };
        assert_eq!(
            decode_request(&request.encode_to_vec()).unwrap(),
            request.identifier
        );
        assert!(decode_request(b"\x0a\xff").is_err());
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_requests_do_not_panic(bytes: Vec<u8>) {
            let _ = decode_request(&bytes);
        }
    }
}
