//! Responses of routers, within limits.

use bytes::BytesMut;
use cairn_primitives::ipns::MAX_RECORD;
use cairn_primitives::routing::{MAX_LINE, PeerRecord};
use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};
use reqwest::{Response, header};

use crate::https::{self, BodyError};
use crate::routing::dht::Failure;

/// Largest response that is not streamed, in bytes.
const WHOLE: usize = 1 << 20;
/// Records that are read of a streamed response.
const RECORDS: usize = 1000;
/// Bytes that are read of a streamed response.
const STREAMED: usize = 8 << 20;

/// What an error of HTTP means for a lookup.
pub(super) fn failure(error: &reqwest::Error) -> Failure {
    if error.is_timeout() {
        Failure::TimedOut
    } else {
        Failure::Router
    }
}

/// The records of a response. At a limit it ends.
pub(super) fn records(response: Response) -> BoxStream<'static, Result<PeerRecord, Failure>> {
    let kind = response.headers().get(header::CONTENT_TYPE);
    let is_streamed = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/x-ndjson"));
    if is_streamed {
        return lines(response).take(RECORDS).boxed();
    }
    let whole = async move {
        let records = match https::read(response, WHOLE).await {
            Ok(body) => PeerRecord::all_from_json(&body).ok_or(Failure::Router),
            Err(error) => Err(unread(&error)),
        };
        let records = match records {
            Ok(records) => records.into_iter().map(Ok).collect(),
            Err(failure) => vec![Err(failure)],
        };
        stream::iter(records)
    };
    stream::once(whole).flatten().boxed()
}

/// The value of a response.
pub(super) async fn value(response: Response) -> Result<Vec<u8>, Failure> {
    let value = https::read(response, MAX_RECORD).await;
    value.map(Vec::from).map_err(|error| unread(&error))
}

/// What a body that was not read means for a lookup.
fn unread(error: &BodyError) -> Failure {
    match error {
        BodyError::Http(error) => failure(error),
        BodyError::TooLarge => Failure::Router,
    }
}

/// Records, one in each line; invalid lines are left out.
fn lines(response: Response) -> impl futures_util::Stream<Item = Result<PeerRecord, Failure>> {
    struct State<B> {
        body: Option<B>,
        buffer: BytesMut,
        /// Bytes of the buffer in which there is no end of a line.
        searched: usize,
        read: usize,
    }
    let state = State {
        body: Some(response.bytes_stream()),
        buffer: BytesMut::new(),
        searched: 0,
        read: 0,
    };
    stream::unfold(state, |mut state| async move {
        loop {
            let unsearched = state.buffer.get(state.searched..).unwrap_or_default();
            let end = unsearched.iter().position(|byte| *byte == b'\n');
            let line = match (end, &mut state.body) {
                (Some(end), _) => state.buffer.split_to(state.searched + end + 1),
                (None, None) if state.buffer.is_empty() => return None,
                (None, None) => state.buffer.split(),
                (None, Some(body)) => {
                    state.searched = state.buffer.len();
                    match body.next().await {
                        Some(Ok(piece)) => {
                            state.read += piece.len();
                            state.buffer.extend_from_slice(&piece);
                            if state.read > STREAMED || state.searched > MAX_LINE {
                                state.body = None;
                                state.buffer.clear();
                                state.searched = 0;
                            }
                        }
                        Some(Err(error)) => {
                            state.body = None;
                            state.buffer.clear();
                            state.searched = 0;
                            return Some((Err(failure(&error)), state));
                        }
                        None => state.body = None,
                    }
                    continue;
                }
            };
            state.searched = 0;
            if let Some(record) = PeerRecord::from_json(&line) {
                return Some((Ok(record), state));
            }
        }
    })
}
