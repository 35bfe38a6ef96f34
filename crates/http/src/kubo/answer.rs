//! How answers are written.
//!
//! The status and headers wait for the first record or byte, so that what fails before it is a plain error. After it,
//! see [`crate::stream`].

mod xml;

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::{BufMut as _, Bytes, BytesMut};
use cairn_wire::{CommandError, Endpoint};
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use futures_util::{Stream, StreamExt as _};
use http::{HeaderName, HeaderValue, StatusCode, header};
use serde::Serialize;
use tokio::sync::mpsc;

use super::call::{Asked, timed_out};
use super::{Failure, nothing};
use crate::stream::{Ending, Streamed, Trailers};

/// Bytes of records that go out together when they are ready together.
const BATCH: usize = 32 << 10;
/// Records that may wait for the connection; then the work waits.
const QUEUE: usize = 64;

/// What a handler answers.
pub(crate) enum Answer<R> {
    /// One JSON value.
    One(R),
    /// JSON values, one a line, as they come.
    Many(Records<R>),
    /// One JSON value that is too large to be held: its text in pieces.
    Json(BoxStream<'static, Result<Bytes, Failure>>),
    /// Bytes.
    Bytes {
        /// The media type.
        media_type: &'static str,
        /// `X-Content-Length`.
        length: Option<u64>,
        /// The bytes.
        stream: BoxStream<'static, Result<Bytes, Failure>>,
    },
}

/// Records that come one after another.
pub(crate) struct Records<R>(BoxStream<'static, Result<R, Failure>>);

impl<R: Send + 'static> Records<R> {
    /// What a stream gives.
    pub(crate) fn stream(stream: impl Stream<Item = Result<R, Failure>> + Send + 'static) -> Self {
        Self(stream.boxed())
    }

    /// None.
    pub(crate) fn none() -> Self {
        Self(futures_util::stream::empty().boxed())
    }

    /// What some work sends. The work goes on while the client reads, and is dropped when the client leaves.
    pub(crate) fn work<F>(work: impl FnOnce(Sender<R>) -> F) -> Self
    where
        F: Future<Output = Result<(), Failure>> + Send + 'static,
    {
        let (sender, receiver) = mpsc::channel(QUEUE);
        Self(
            Work {
                work: Some(Box::pin(work(Sender(sender)))),
                receiver,
                failed: None,
            }
            .boxed(),
        )
    }
}

/// Sends records out of [`Records::work`].
#[derive(Clone)]
pub(crate) struct Sender<R>(mpsc::Sender<R>);

impl<R> Sender<R> {
    /// Sends a record; waits while the client is slow.
    pub(crate) async fn send(&self, record: R) -> Result<(), Failure> {
        self.0
            .send(record)
            .await
            .map_err(|_| Failure::normal("the client has left"))
    }

    /// Sends a record that may be left out when the client is slow.
    pub(crate) fn offer(&self, record: R) {
        let _ = self.0.try_send(record);
    }

    /// Sends from a thread that may block; `false` when the client has left.
    pub(crate) fn blocking_send(&self, record: R) -> bool {
        self.0.blocking_send(record).is_ok()
    }
}

/// Polls the work and what it sends in one task.
struct Work<R> {
    work: Option<BoxFuture<'static, Result<(), Failure>>>,
    receiver: mpsc::Receiver<R>,
    failed: Option<Failure>,
}

impl<R> Stream for Work<R> {
    type Item = Result<R, Failure>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if let Poll::Ready(Some(record)) = this.receiver.poll_recv(cx) {
            return Poll::Ready(Some(Ok(record)));
        }
        if let Some(work) = &mut this.work
            && let Poll::Ready(done) = work.as_mut().poll(cx)
        {
            this.work = None;
            this.failed = done.err();
        }
        match this.receiver.poll_recv(cx) {
            Poll::Ready(Some(record)) => Poll::Ready(Some(Ok(record))),
            Poll::Ready(None) if this.work.is_none() => Poll::Ready(this.failed.take().map(Err)),
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }
}

/// How records are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Json,
    Text,
    Xml,
}

impl Encoding {
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        match name {
            "json" => Some(Self::Json),
            "text" => Some(Self::Text),
            "xml" => Some(Self::Xml),
            _ => None,
        }
    }

    fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Text => "text/plain",
            Self::Xml => "application/xml",
        }
    }
}

/// What an answer needs to know of its call.
pub(crate) struct Shown {
    pub(crate) encoding: Encoding,
    timeout: Option<Duration>,
    trailers: Trailers,
}

impl Shown {
    pub(crate) fn of(asked: &Asked) -> Self {
        Self {
            encoding: asked.encoding,
            timeout: asked.timeout,
            trailers: asked.trailers.clone(),
        }
    }
}

/// Runs a handler and writes its answer.
pub(crate) async fn respond<E: Endpoint>(
    work: impl Future<Output = Result<Answer<E::Reply>, Failure>> + Send,
    shown: Shown,
    text: Option<E>,
) -> Response {
    let written = match (shown.encoding, text) {
        (Encoding::Xml, _) => Written::Xml(E::SPEC.xml),
        (_, Some(request)) => Written::Text(request),
        (_, None) => Written::Json,
    };
    let deadline = shown
        .timeout
        .map(|limit| tokio::time::Instant::now() + limit);
    // Kubo says how long an answer is before it looks whether it can give it.
    let mut promised = None;
    let begun = async {
        let answer = work.await?;
        let mut stream = match answer {
            Answer::One(record) => {
                let mut out = BytesMut::new();
                encode(&record, &written, &mut out)?;
                return Ok(Begun {
                    kind: Kind::One,
                    first: Some(out.freeze()),
                    rest: futures_util::stream::empty().boxed(),
                });
            }
            Answer::Json(stream) => Begun {
                kind: Kind::One,
                first: None,
                rest: stream,
            },
            Answer::Many(records) => Begun {
                kind: Kind::Many,
                first: None,
                rest: lines::<E>(records.0, written),
            },
            Answer::Bytes {
                media_type,
                length,
                stream,
            } => Begun {
                kind: Kind::Bytes(media_type, length),
                first: None,
                rest: stream,
            },
        };
        match stream.rest.next().await.transpose() {
            Ok(first) => stream.first = first,
            // Bytes of which there are none, and a trailer that says why.
            Err(told @ Failure::Told(_)) if matches!(stream.kind, Kind::Bytes(..)) => {
                stream.rest = futures_util::stream::iter([Err(told)]).boxed();
            }
            Err(failure) => {
                if let Kind::Bytes(_, length) = stream.kind {
                    promised = length;
                }
                return Err(failure);
            }
        }
        Ok(stream)
    };
    let begun = match deadline {
        None => begun.await,
        Some(deadline) => tokio::time::timeout_at(deadline, begun)
            .await
            .unwrap_or_else(|_| Err(timed_out())),
    };
    match begun {
        Ok(begun) => success(begun, &shown, deadline),
        Err(failure) => {
            let mut response = refused(&failure, &shown);
            if let Some(length) = promised {
                response.headers_mut().insert(CONTENT_LENGTH, length.into());
            }
            response
        }
    }
}

struct Begun {
    kind: Kind,
    first: Option<Bytes>,
    rest: BoxStream<'static, Result<Bytes, Failure>>,
}

enum Kind {
    One,
    Many,
    Bytes(&'static str, Option<u64>),
}

/// Lines of records, those that are ready at once put together.
fn lines<E: Endpoint>(
    records: BoxStream<'static, Result<E::Reply, Failure>>,
    written: Written<E>,
) -> BoxStream<'static, Result<Bytes, Failure>> {
    struct Lines<E: Endpoint> {
        records: Option<BoxStream<'static, Result<E::Reply, Failure>>>,
        written: Written<E>,
        failed: Option<Failure>,
    }
    impl<E: Endpoint> Unpin for Lines<E> {}
    impl<E: Endpoint> Stream for Lines<E> {
        type Item = Result<Bytes, Failure>;
        fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
            let this = &mut *self;
            if let Some(failed) = this.failed.take() {
                return Poll::Ready(Some(Err(failed)));
            }
            let mut out = BytesMut::new();
            while let Some(records) = &mut this.records {
                match records.as_mut().poll_next(cx) {
                    Poll::Pending if out.is_empty() => return Poll::Pending,
                    Poll::Pending => break,
                    Poll::Ready(None) => this.records = None,
                    Poll::Ready(Some(record)) => {
                        if let Err(failed) =
                            record.and_then(|record| encode(&record, &this.written, &mut out))
                        {
                            this.records = None;
                            this.failed = Some(failed);
                        }
                    }
                }
                if out.len() >= BATCH {
                    break;
                }
            }
            if out.is_empty() {
                Poll::Ready(this.failed.take().map(Err))
            } else {
                Poll::Ready(Some(Ok(out.freeze())))
            }
        }
    }
    Lines {
        records: Some(records),
        written,
        failed: None,
    }
    .boxed()
}

/// How the records of one answer are written.
enum Written<E> {
    Json,
    /// By the request, as `ipfs` prints them.
    Text(E),
    /// As elements of this name.
    Xml(Option<&'static str>),
}

fn encode<E: Endpoint>(
    record: &E::Reply,
    written: &Written<E>,
    out: &mut BytesMut,
) -> Result<(), Failure> {
    match written {
        Written::Xml(None) => {
            return Err(Failure::normal("this command does not answer as XML"));
        }
        Written::Xml(Some(name)) => {
            let value =
                serde_json::to_value(record).map_err(|error| Failure::normal(error.to_string()))?;
            let mut shown = String::new();
            xml::element(name, &value, &mut shown);
            out.extend_from_slice(shown.as_bytes());
        }
        Written::Text(request) => {
            let mut shown = String::new();
            request.text(record, &mut shown);
            out.extend_from_slice(shown.as_bytes());
        }
        Written::Json => json_line(record, out)?,
    }
    Ok(())
}

/// Appends a value and a line end. `()` is nothing at all.
pub(crate) fn json_line(value: &impl Serialize, out: &mut BytesMut) -> Result<(), Failure> {
    serde_json::to_writer((&mut *out).writer(), value)
        .map_err(|error| Failure::normal(error.to_string()))?;
    out.put_u8(b'\n');
    Ok(())
}

const EXPOSED: HeaderValue =
    HeaderValue::from_static("X-Stream-Output, X-Chunked-Output, X-Content-Length");
const CONTENT_LENGTH: HeaderName = HeaderName::from_static("x-content-length");
const ONE: HeaderValue = HeaderValue::from_static("1");

/// The headers of every answer that a command gives.
fn head(status: StatusCode, media_type: &'static str) -> http::response::Builder {
    Response::builder()
        .status(status)
        .header(header::CONTENT_TYPE, HeaderValue::from_static(media_type))
        .header(header::ACCESS_CONTROL_ALLOW_HEADERS, EXPOSED)
        .header(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED)
        .header(header::SERVER, HeaderValue::from_static(super::AGENT))
        .header(header::TRAILER, HeaderValue::from_static("X-Stream-Error"))
        .header(header::VARY, HeaderValue::from_static("Origin"))
}

fn built(builder: http::response::Builder, body: Body) -> Response {
    // The parts are constants and numbers: they always build.
    builder
        .body(body)
        .unwrap_or_else(|_| Response::new(nothing()))
}

fn success(begun: Begun, shown: &Shown, deadline: Option<tokio::time::Instant>) -> Response {
    let builder = match begun.kind {
        Kind::One => head(StatusCode::OK, shown.encoding.media_type()),
        Kind::Many => head(StatusCode::OK, shown.encoding.media_type())
            .header(HeaderName::from_static("x-chunked-output"), ONE),
        Kind::Bytes(media_type, length) => {
            let builder = head(StatusCode::OK, media_type)
                .header(HeaderName::from_static("x-stream-output"), ONE);
            match length {
                Some(length) => builder.header(CONTENT_LENGTH, length),
                None => builder,
            }
        }
    };
    let in_records = matches!(begun.kind, Kind::Many);
    let first = futures_util::stream::iter(begun.first.map(Ok));
    let rest = match deadline {
        None => begun.rest,
        Some(deadline) => until(deadline, begun.rest),
    };
    let whole = first.chain(rest).flat_map(move |piece| {
        // A record stream says in a last record why it is cut; bytes cannot.
        let (record, piece) = match piece {
            Ok(data) => (None, Ok(data)),
            Err(Failure::Told(message)) => (None, Err(Ending::Told(message))),
            Err(failure) => {
                tracing::warn!(error = %failure, "an answer was cut off");
                let mut line = BytesMut::new();
                let told = in_records
                    && json_line(&CommandError::normal(failure.to_string()), &mut line).is_ok();
                (
                    told.then(|| Ok(line.freeze())),
                    Err(Ending::Cut(failure.to_string())),
                )
            }
        };
        futures_util::stream::iter(record.into_iter().chain([piece]))
    });
    built(
        builder,
        Body::new(Streamed::new(whole.boxed(), shown.trailers.clone())),
    )
}

/// A stream that fails at a time.
fn until(
    deadline: tokio::time::Instant,
    stream: BoxStream<'static, Result<Bytes, Failure>>,
) -> BoxStream<'static, Result<Bytes, Failure>> {
    futures_util::stream::unfold(Some(stream), move |stream| async move {
        let mut stream = stream?;
        match tokio::time::timeout_at(deadline, stream.next()).await {
            Ok(None) => None,
            Ok(Some(piece)) => Some((piece, Some(stream))),
            Err(_) => Some((Err(timed_out()), None)),
        }
    })
    .boxed()
}

fn refused(failure: &Failure, shown: &Shown) -> Response {
    match failure {
        Failure::Parse(refused) => super::error::parse(refused),
        Failure::Told(message) => {
            let ending = futures_util::stream::iter([Err(Ending::Told(message.clone()))]);
            built(
                head(failure.status(), shown.encoding.media_type()),
                Body::new(Streamed::new(ending.boxed(), shown.trailers.clone())),
            )
        }
        Failure::Command(error) => {
            let mut out = BytesMut::new();
            let media_type = match shown.encoding {
                Encoding::Text => {
                    out.extend_from_slice(error.message.as_bytes());
                    "text/plain"
                }
                Encoding::Json | Encoding::Xml => {
                    let _ = json_line(error, &mut out);
                    "application/json"
                }
            };
            let only = futures_util::stream::iter([Ok(out.freeze())]);
            built(
                head(failure.status(), media_type),
                Body::new(Streamed::new(only.boxed(), shown.trailers.clone())),
            )
        }
    }
}

/// Text that no command gave.
pub(crate) fn plain(status: StatusCode, text: String) -> Response {
    let builder = Response::builder()
        .status(status)
        .header(
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/plain; charset=utf-8"),
        )
        .header(
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        );
    built(builder, Body::from(text))
}

/// A redirect that keeps the method.
pub(crate) fn redirect(to: &'static str) -> Response {
    built(
        Response::builder()
            .status(StatusCode::TEMPORARY_REDIRECT)
            .header(header::LOCATION, HeaderValue::from_static(to)),
        nothing(),
    )
}

/// What a command group answers.
pub(crate) fn empty_group() -> Response {
    let empty = Streamed::new(futures_util::stream::empty().boxed(), Trailers::Frame);
    built(
        head(StatusCode::OK, "application/json")
            .header(HeaderName::from_static("x-chunked-output"), ONE),
        Body::new(empty),
    )
}

/// 200 with nothing: what Kubo answers where it gives up before it begins.
pub(crate) fn nothing_at_all() -> Response {
    super::error::vary(Response::new(nothing()))
}
