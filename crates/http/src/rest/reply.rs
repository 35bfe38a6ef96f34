//! Responses of handlers.

use std::future::Future;

use axum::body::Body;
use axum::response::Response;
use bytes::{Bytes, BytesMut};
use cairn_wire::rest::{Api, Fault, ReplyHeaders, WithHeaders};
use cairn_wire::shape::{self, Record, Reply};
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use http::{HeaderName, HeaderValue, StatusCode, header};

use super::ErrorResponse;
use crate::lines::{Lines, json_line};
use crate::stream::{STREAM_ERROR, StreamBody, StreamFailure, Trailers};

/// A stream of records. An error before the first is the whole response; a later one cuts the response off.
pub type Records<T, A> = BoxStream<'static, Result<T, ErrorResponse<A>>>;

/// A reply that can be sent.
pub trait HandlerReply<A: Api>: Reply {
    /// What a handler returns.
    type Answer: Send;

    /// Sends it.
    fn send(
        answer: Self::Answer,
        status: u16,
        trailing: ErrorTrailer,
    ) -> impl Future<Output = Result<Response, ErrorResponse<A>>> + Send;
}

/// How an error after the first byte can reach the client.
#[derive(Debug)]
pub struct ErrorTrailer(Trailers);

impl ErrorTrailer {
    pub(super) fn new(trailers: Trailers) -> Self {
        Self(trailers)
    }
}

/// One record or many, as the request asks.
pub enum OneOrMany<One, Each, A: Api> {
    /// One.
    One(One),
    /// Many.
    Many(Records<Each, A>),
    /// Many, whose response has this status whatever comes first: any error is in the trailer of a response that ends normally.
    Begun(Records<Each, A>),
}

/// A response of bytes.
pub struct Download<A: Api> {
    /// Their media type.
    pub media_type: HeaderValue,
    /// How many bytes, if known.
    pub length: Option<u64>,
    /// The bytes. An error before the first is the whole response; a later one cuts the response off.
    pub bytes: BoxStream<'static, Result<Bytes, ErrorResponse<A>>>,
}

impl<A: Api, T: Record> HandlerReply<A> for shape::One<T> {
    type Answer = T;

    async fn send(answer: T, status: u16, _: ErrorTrailer) -> Result<Response, ErrorResponse<A>> {
        Ok(json::<A>(status, &answer))
    }
}

impl<A: Api, T: Record> HandlerReply<A> for shape::Large<T> {
    type Answer = T;

    async fn send(answer: T, status: u16, _: ErrorTrailer) -> Result<Response, ErrorResponse<A>> {
        Ok(json::<A>(status, &answer))
    }
}

impl<A: Api> HandlerReply<A> for shape::Nothing {
    type Answer = ();

    async fn send((): (), status: u16, _: ErrorTrailer) -> Result<Response, ErrorResponse<A>> {
        Ok(empty(status))
    }
}

impl<A: Api, T: Record> HandlerReply<A> for shape::Many<T> {
    type Answer = Records<T, A>;

    async fn send(
        records: Records<T, A>,
        status: u16,
        trailing: ErrorTrailer,
    ) -> Result<Response, ErrorResponse<A>> {
        let mut records = records;
        let Some(first) = records.next().await.transpose()? else {
            return Ok(empty(A::EMPTY_STREAM));
        };
        let end = if A::EMPTY_TRAILER {
            End::EmptyTrailer
        } else {
            End::Plain
        };
        let all = futures_util::stream::iter([Ok(first)]).chain(records);
        Ok(lines(all.boxed(), cut, status, trailing, end))
    }
}

impl<A: Api, T: Record, U: Record> HandlerReply<A> for shape::OneOrMany<T, U> {
    type Answer = OneOrMany<T, U, A>;

    async fn send(
        answer: Self::Answer,
        status: u16,
        trailing: ErrorTrailer,
    ) -> Result<Response, ErrorResponse<A>> {
        match answer {
            OneOrMany::One(record) => Ok(json::<A>(status, &record)),
            OneOrMany::Many(records) => shape::Many::<U>::send(records, status, trailing).await,
            OneOrMany::Begun(mut records) => {
                // What was sent is read before there is a response: only then is it permitted (`100 Continue`).
                let first = records.next().await;
                let all = futures_util::stream::iter(first).chain(records);
                let trailer = |refusal: &ErrorResponse<A>| {
                    StreamFailure::Trailer(A::trailer(&refusal.body).into())
                };
                Ok(lines(all.boxed(), trailer, status, trailing, End::Plain))
            }
        }
    }
}

impl<A: Api> HandlerReply<A> for shape::Bytes {
    type Answer = Download<A>;

    async fn send(
        answer: Download<A>,
        status: u16,
        trailing: ErrorTrailer,
    ) -> Result<Response, ErrorResponse<A>> {
        let Download {
            media_type,
            length,
            mut bytes,
        } = answer;
        let first = bytes.next().await.transpose()?;
        let all = futures_util::stream::iter(first.map(Ok))
            .chain(bytes)
            .map(|piece| piece.map_err(|refusal| cut(&refusal)));
        Ok(streamed(
            status,
            media_type,
            length,
            all.boxed(),
            trailing,
            End::Plain,
        ))
    }
}

impl<A: Api, H: ReplyHeaders, R: HandlerReply<A>> HandlerReply<A> for WithHeaders<H, R> {
    type Answer = (H, R::Answer);

    async fn send(
        (headers, answer): Self::Answer,
        status: u16,
        trailing: ErrorTrailer,
    ) -> Result<Response, ErrorResponse<A>> {
        let mut response = R::send(answer, status, trailing).await?;
        for (name, value) in headers.write().pairs() {
            let name = HeaderName::from_bytes(name.as_bytes());
            match (name, HeaderValue::from_str(value)) {
                (Ok(name), Ok(value)) => {
                    response.headers_mut().append(name, value);
                }
                _ => {
                    tracing::error!("cannot write a header of a response");
                    return Err(Fault::Internal.into());
                }
            }
        }
        Ok(response)
    }
}

/// How a complete stream ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Plain,
    /// With an empty trailer.
    EmptyTrailer,
}

/// A response of a line for each record. `ending` is how an error ends it.
fn lines<A: Api, T: Record>(
    records: Records<T, A>,
    ending: impl Fn(&ErrorResponse<A>) -> StreamFailure + Send + 'static,
    status: u16,
    trailing: ErrorTrailer,
    end: End,
) -> Response {
    let records = records.map(move |record| record.map_err(|refusal| ending(&refusal)));
    let lines = Lines::new(records.boxed(), |record, out| {
        json_line(record, out).map_err(|error| {
            tracing::error!(%error, "cannot serialize a record");
            cut(&ErrorResponse::<A>::from(Fault::Internal))
        })
    });
    let media_type = HeaderValue::from_static("application/x-ndjson");
    streamed(status, media_type, None, lines.boxed(), trailing, end)
}

fn streamed(
    status: u16,
    media_type: HeaderValue,
    length: Option<u64>,
    bytes: BoxStream<'static, Result<Bytes, StreamFailure>>,
    ErrorTrailer(trailers): ErrorTrailer,
    end: End,
) -> Response {
    let mut response = empty(status);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, media_type);
    let trailers = match length {
        // A response with a length has no trailer, and is complete when it has that length.
        Some(length) => {
            headers.insert(header::CONTENT_LENGTH, length.into());
            Trailers::Frame
        }
        None => {
            headers.insert(header::TRAILER, HeaderValue::from_static(STREAM_ERROR));
            trailers.announce(headers);
            trailers
        }
    };
    let body = StreamBody::new(bytes, trailers);
    *response.body_mut() = Body::new(match end {
        End::Plain => body,
        End::EmptyTrailer => body.with_empty_trailer(),
    });
    response
}

/// The end of a response that an error cuts off: the error in ASCII, as trailers must be.
fn cut<A: Api>(refusal: &ErrorResponse<A>) -> StreamFailure {
    let error = A::trailer(&refusal.body);
    let mut text = String::with_capacity(error.len());
    let mut units = [0; 2];
    for letter in error.chars() {
        if letter.is_ascii() {
            text.push(letter);
        } else {
            for unit in letter.encode_utf16(&mut units) {
                text.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    tracing::warn!(
        status = refusal.status,
        error = text,
        "a response was cut off"
    );
    StreamFailure::Cut(text.into())
}

/// An answer of one JSON value.
pub(super) fn json<A: Api>(status: u16, value: &impl serde::Serialize) -> Response {
    let mut written = BytesMut::new();
    if let Err(error) = json_line(value, &mut written) {
        tracing::error!(%error, "cannot write a response");
        return empty(500);
    }
    let mut response = empty(status);
    let media_type = HeaderValue::from_static(A::JSON);
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, media_type);
    *response.body_mut() = Body::from(written.freeze());
    response
}

/// An answer without content.
pub(super) fn empty(status: u16) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response
}
