//! How answers are written.
//!
//! The status and headers wait for the first record or byte, so that what fails before it is a plain error. After it,
//! see [`crate::stream`].

mod encoding;
mod records;
mod response;
mod xml;

use std::future::Future;
use std::time::Duration;

use axum::response::Response;
use bytes::{Bytes, BytesMut};
use cairn_wire::Endpoint;
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;

pub(crate) use self::encoding::Encoding;
use self::encoding::{Written, encode, lines};
pub(crate) use self::records::{Records, Sender};
use self::response::{CONTENT_LENGTH, refused, success};
pub(crate) use self::response::{empty_group, nothing_at_all, plain, redirect};
use super::Failure;
use super::call::{Asked, timed_out};
use crate::stream::Trailers;

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
                rest: lines::<E>(records.into_stream(), written),
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
