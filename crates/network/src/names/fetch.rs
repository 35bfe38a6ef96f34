//! The fetch protocol: one request with a key, one response with a record.
//!
//! Specification: <https://specs.ipfs.tech/ipns/ipns-pubsub-router/#libp2p-fetch-protocol>.

use std::io;

use cairn_primitives::ipns::fetch::{
    MAX_REQUEST, MAX_RESPONSE, Response, decode_request, encode_request,
};
use cairn_primitives::varint::{self, VarintError};
use libp2p::futures::{AsyncReadExt as _, AsyncWriteExt as _};
use libp2p::swarm::Stream;

/// The protocol.
pub(super) const PROTOCOL: &str = "/libp2p/fetch/0.0.1";

/// Most bytes of the length that precedes a message.
const MAX_PREFIX: usize = 3;

/// Asks a peer for the record of a key; `None` if it has none.
pub(super) async fn request(mut stream: Stream, key: &[u8]) -> io::Result<Option<Vec<u8>>> {
    write(&mut stream, &encode_request(key)).await?;
    stream.close().await?;
    let response = read(&mut stream, MAX_RESPONSE).await?;
    match Response::decode(&response).map_err(invalid)? {
        Response::Record(data) => Ok(Some(data)),
        Response::NotFound => Ok(None),
        Response::Error => Err(io::Error::other("the peer cannot answer")),
    }
}

/// Answers a request with the record of its key.
pub(super) async fn answer(
    mut stream: Stream,
    record: impl FnOnce(&[u8]) -> Option<Vec<u8>>,
) -> io::Result<()> {
    let key = decode_request(&read(&mut stream, MAX_REQUEST).await?).map_err(invalid)?;
    let response = record(&key).map_or(Response::NotFound, Response::Record);
    write(&mut stream, &response.encode()).await?;
    stream.close().await
}

fn invalid(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

/// Writes a message and the length that precedes it.
async fn write(stream: &mut Stream, message: &[u8]) -> io::Result<()> {
    let mut out = Vec::with_capacity(message.len() + MAX_PREFIX);
    varint::encode(message.len() as u64, &mut out);
    out.extend_from_slice(message);
    stream.write_all(&out).await
}

/// Reads a message and the length that precedes it.
async fn read(stream: &mut Stream, limit: usize) -> io::Result<Vec<u8>> {
    let mut prefix = Vec::with_capacity(MAX_PREFIX);
    let length = loop {
        let mut byte = [0];
        stream.read_exact(&mut byte).await?;
        prefix.extend(byte);
        match varint::decode(&prefix) {
            Ok((length, _)) => break length,
            Err(VarintError::Truncated) if prefix.len() < MAX_PREFIX => {}
            Err(error) => return Err(invalid(error)),
        }
    };
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    if length > limit {
        return Err(invalid(format!(
            "a message of {length} bytes, at most {limit} are allowed"
        )));
    }
    let mut message = vec![0; length];
    stream.read_exact(&mut message).await?;
    Ok(message)
}
