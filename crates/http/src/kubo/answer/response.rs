//! Status, headers and body of every response.

use std::future::Future as _;
use std::sync::LazyLock;
use std::task::Poll;

use axum::body::Body;
use axum::response::Response;
use bytes::{Bytes, BytesMut};
use cairn_wire::CommandError;
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use http::response::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use tokio::time::Instant;

use super::super::call::timed_out;
use super::super::error::{parse, vary};
use super::super::{AGENT, Failure, nothing};
use super::encoding::Encoding;
use super::{PayloadKind, ResponseOptions, ResponseStart};
use crate::lines::json_line;
use crate::stream::{FullBody, StreamBody, StreamFailure, Trailers};

const EXPOSED: HeaderValue =
    HeaderValue::from_static("X-Stream-Output, X-Chunked-Output, X-Content-Length");

pub(super) const CONTENT_LENGTH: HeaderName = HeaderName::from_static("x-content-length");

const ONE: HeaderValue = HeaderValue::from_static("1");

/// The headers of every command's response; the media type is first.
static HEADERS: LazyLock<HeaderMap> = LazyLock::new(|| {
    let mut headers = HeaderMap::with_capacity(12);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(""));
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, EXPOSED);
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    headers.insert(header::SERVER, HeaderValue::from_static(AGENT));
    headers.insert(header::TRAILER, HeaderValue::from_static("X-Stream-Error"));
    headers.insert(header::VARY, HeaderValue::from_static("Origin"));
    headers
});

/// The head of a command's response.
fn head(status: StatusCode, media_type: &'static str) -> Parts {
    let (mut parts, ()) = Response::new(()).into_parts();
    parts.status = status;
    parts.headers = HEADERS.clone();
    let media_type = HeaderValue::from_static(media_type);
    parts.headers.insert(header::CONTENT_TYPE, media_type);
    parts
}

fn built(builder: http::response::Builder, body: Body) -> Response {
    // Built from constants and numbers, so it cannot fail.
    builder
        .body(body)
        .unwrap_or_else(|_| Response::new(nothing()))
}

pub(super) fn success(
    start: ResponseStart,
    options: ResponseOptions,
    deadline: Option<Instant>,
) -> Response {
    let media_type = match start.kind {
        PayloadKind::One | PayloadKind::Many => options.encoding.media_type(),
        PayloadKind::Bytes(media_type, _) => media_type,
    };
    let mut parts = head(StatusCode::OK, media_type);
    let headers = &mut parts.headers;
    match start.kind {
        PayloadKind::One => {}
        PayloadKind::Many => {
            headers.insert(HeaderName::from_static("x-chunked-output"), ONE);
        }
        PayloadKind::Bytes(_, length) => {
            headers.insert(HeaderName::from_static("x-stream-output"), ONE);
            if let Some(length) = length {
                headers.insert(CONTENT_LENGTH, length.into());
            }
        }
    }
    options.trailers.announce(headers);
    if !matches!(options.trailers, Trailers::Agreed)
        && start.rest.is_none()
        && let Some(only) = start.first.clone().filter(|only| !only.is_empty())
    {
        return Response::from_parts(parts, Body::new(FullBody::new(only)));
    }
    let in_records = matches!(start.kind, PayloadKind::Many);
    let ResponseOptions {
        running, trailers, ..
    } = options;
    let agreed = trailers.are_agreed();
    let first = futures_util::stream::iter(start.first.map(Ok));
    let rest = start
        .rest
        .unwrap_or_else(|| futures_util::stream::empty().boxed());
    let rest = match deadline {
        None => rest,
        Some(deadline) => until(deadline, rest),
    };
    let whole = first.chain(rest).flat_map(move |piece| {
        // The request runs until its response has ended.
        let _running = &running;
        // A record stream ends with a record of the error before it is cut off; a byte stream cannot.
        let (record, piece) = match piece {
            Ok(data) => (None, Ok(data)),
            Err(Failure::Trailer(reason)) => (None, Err(StreamFailure::Trailer(reason))),
            Err(failure) => {
                tracing::warn!(error = %failure, "a response was cut off");
                let reason = failure.into_reason();
                let mut line = BytesMut::new();
                let record = CommandError {
                    detail: reason.detail.clone().filter(|_| agreed),
                    ..CommandError::normal(reason.message.clone())
                };
                let told = in_records && json_line(&record, &mut line).is_ok();
                (
                    told.then(|| Ok(line.freeze())),
                    Err(StreamFailure::Cut(reason)),
                )
            }
        };
        futures_util::stream::iter(record.into_iter().chain([piece]))
    });
    Response::from_parts(parts, Body::new(StreamBody::new(whole.boxed(), trailers)))
}

/// A stream that fails at a deadline, even if it is always ready and a timer would never be polled.
fn until(
    deadline: Instant,
    mut stream: BoxStream<'static, Result<Bytes, Failure>>,
) -> BoxStream<'static, Result<Bytes, Failure>> {
    let mut timer = Some(Box::pin(tokio::time::sleep_until(deadline)));
    futures_util::stream::poll_fn(move |cx| {
        let Some(running) = &mut timer else {
            return Poll::Ready(None);
        };
        if Instant::now() >= deadline || running.as_mut().poll(cx).is_ready() {
            timer = None;
            return Poll::Ready(Some(Err(timed_out())));
        }
        stream.as_mut().poll_next(cx)
    })
    .boxed()
}

pub(super) fn refused(failure: &Failure, options: &ResponseOptions) -> Response {
    match failure {
        Failure::Parse(refused) => parse(refused),
        Failure::Trailer(reason) => {
            let ending = futures_util::stream::iter([Err(StreamFailure::Trailer(reason.clone()))]);
            Response::from_parts(
                head(failure.status(), options.encoding.media_type()),
                Body::new(StreamBody::new(ending.boxed(), options.trailers.clone())),
            )
        }
        Failure::Command(error) => {
            let mut out = BytesMut::new();
            let media_type = match options.encoding {
                Encoding::Text => {
                    out.extend_from_slice(error.message.as_bytes());
                    "text/plain"
                }
                Encoding::Json | Encoding::Xml => {
                    let error = error.clone();
                    let sent = if options.trailers.are_agreed() {
                        error
                    } else {
                        error.without_detail()
                    };
                    let _ = json_line(&sent, &mut out);
                    "application/json"
                }
            };
            let only = futures_util::stream::iter([Ok(out.freeze())]);
            Response::from_parts(
                head(failure.status(), media_type),
                Body::new(StreamBody::new(only.boxed(), options.trailers.clone())),
            )
        }
    }
}

/// A plain text response.
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
pub(crate) fn redirect(to: &str) -> Response {
    built(
        Response::builder()
            .status(StatusCode::TEMPORARY_REDIRECT)
            .header(header::LOCATION, to),
        nothing(),
    )
}

/// The response of a command group.
pub(crate) fn empty_group() -> Response {
    let empty = StreamBody::new(futures_util::stream::empty().boxed(), Trailers::Frame);
    let mut parts = head(StatusCode::OK, "application/json");
    let chunked = HeaderName::from_static("x-chunked-output");
    parts.headers.insert(chunked, ONE);
    Response::from_parts(parts, Body::new(empty))
}

/// An empty 200 response, which Kubo sends where it fails before it starts.
pub(crate) fn nothing_at_all() -> Response {
    vary(Response::new(nothing()))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn a_stream_that_is_always_ready_ends_in_time() {
        let piece = Bytes::from_static(b"more");
        let endless = futures_util::stream::repeat_with(move || Ok(piece.clone())).boxed();
        let deadline = Instant::now() + Duration::from_millis(50);
        let mut bounded = until(deadline, endless);
        // Without cooperative yields the timer is never polled.
        let failed = tokio::task::unconstrained(async {
            while let Some(piece) = bounded.next().await {
                if let Err(failed) = piece {
                    return Some(failed.to_string());
                }
            }
            None
        });
        assert_eq!(failed.await.as_deref(), Some("context deadline exceeded"));
        assert!(bounded.next().await.is_none());
    }
}
