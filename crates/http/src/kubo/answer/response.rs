//! The status, the headers and the body of every answer.

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
use super::encoding::{Encoding, json_line};
use super::{Begun, Kind, Shown};
use crate::stream::{Ending, Streamed, Trailers, Whole};

const EXPOSED: HeaderValue =
    HeaderValue::from_static("X-Stream-Output, X-Chunked-Output, X-Content-Length");

pub(super) const CONTENT_LENGTH: HeaderName = HeaderName::from_static("x-content-length");

const ONE: HeaderValue = HeaderValue::from_static("1");

/// The headers of every answer that a command gives; the media type comes first.
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

/// The head of an answer that a command gives.
fn head(status: StatusCode, media_type: &'static str) -> Parts {
    let (mut parts, ()) = Response::new(()).into_parts();
    parts.status = status;
    parts.headers = HEADERS.clone();
    let media_type = HeaderValue::from_static(media_type);
    parts.headers.insert(header::CONTENT_TYPE, media_type);
    parts
}

fn built(builder: http::response::Builder, body: Body) -> Response {
    // The parts are constants and numbers: they always build.
    builder
        .body(body)
        .unwrap_or_else(|_| Response::new(nothing()))
}

pub(super) fn success(begun: Begun, shown: Shown, deadline: Option<Instant>) -> Response {
    let media_type = match begun.kind {
        Kind::One | Kind::Many => shown.encoding.media_type(),
        Kind::Bytes(media_type, _) => media_type,
    };
    let mut parts = head(StatusCode::OK, media_type);
    let headers = &mut parts.headers;
    match begun.kind {
        Kind::One => {}
        Kind::Many => {
            headers.insert(HeaderName::from_static("x-chunked-output"), ONE);
        }
        Kind::Bytes(_, length) => {
            headers.insert(HeaderName::from_static("x-stream-output"), ONE);
            if let Some(length) = length {
                headers.insert(CONTENT_LENGTH, length.into());
            }
        }
    }
    shown.trailers.announce(headers);
    if !matches!(shown.trailers, Trailers::Agreed)
        && begun.rest.is_none()
        && let Some(only) = begun.first.clone().filter(|only| !only.is_empty())
    {
        return Response::from_parts(parts, Body::new(Whole::new(only)));
    }
    let in_records = matches!(begun.kind, Kind::Many);
    let Shown {
        running, trailers, ..
    } = shown;
    let first = futures_util::stream::iter(begun.first.map(Ok));
    let rest = begun
        .rest
        .unwrap_or_else(|| futures_util::stream::empty().boxed());
    let rest = match deadline {
        None => rest,
        Some(deadline) => until(deadline, rest),
    };
    let whole = first.chain(rest).flat_map(move |piece| {
        // The request runs until its answer has ended.
        let _running = &running;
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
    Response::from_parts(parts, Body::new(Streamed::new(whole.boxed(), trailers)))
}

/// A stream that fails at a time, also one that always has something ready: then no timer would ever be asked.
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

pub(super) fn refused(failure: &Failure, shown: &Shown) -> Response {
    match failure {
        Failure::Parse(refused) => parse(refused),
        Failure::Told(message) => {
            let ending = futures_util::stream::iter([Err(Ending::Told(message.clone()))]);
            Response::from_parts(
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
            Response::from_parts(
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
pub(crate) fn redirect(to: &str) -> Response {
    built(
        Response::builder()
            .status(StatusCode::TEMPORARY_REDIRECT)
            .header(header::LOCATION, to),
        nothing(),
    )
}

/// What a command group answers.
pub(crate) fn empty_group() -> Response {
    let empty = Streamed::new(futures_util::stream::empty().boxed(), Trailers::Frame);
    let mut parts = head(StatusCode::OK, "application/json");
    let chunked = HeaderName::from_static("x-chunked-output");
    parts.headers.insert(chunked, ONE);
    Response::from_parts(parts, Body::new(empty))
}

/// 200 with nothing: what Kubo answers where it gives up before it begins.
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
        // No turn in between is left to the timer.
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
