//! Writes responses.
//!
//! Status and headers wait for the first record or byte, so that an error before it is a plain error response. For
//! later errors see [`crate::stream`].

mod encoding;
mod records;
mod response;
mod xml;

use std::future::Future;
use std::time::Duration;

use axum::response::Response;
use bytes::{Bytes, BytesMut};
use cairn_wire::kubo::Command;
use cairn_wire::shape::{self, Either, Record, Reply};
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use futures_util::{FutureExt as _, StreamExt as _};

pub(crate) use self::encoding::Encoding;
use self::encoding::{RecordFormat, encode, lines};
pub(crate) use self::records::{Records, Sender};
use self::response::{CONTENT_LENGTH, refused, success};
pub(crate) use self::response::{empty_group, nothing_at_all, plain, redirect};
use super::Failure;
use super::call::{CallContext, timed_out};
use crate::requests::Running;
use crate::stream::Trailers;

/// What a handler of this command returns.
pub(crate) type Answer<C> = <<C as Command>::Reply as HandlerReply>::Answer;

/// What a handler returns for each kind of reply, and how it is sent.
pub(crate) trait HandlerReply: Reply {
    /// What a handler returns.
    type Answer: Send;

    /// The payload of the response.
    fn sent(answer: Self::Answer) -> Payload<Self::Record>;
}

impl<T: Record> HandlerReply for shape::One<T> {
    type Answer = T;

    fn sent(answer: T) -> Payload<T> {
        Payload::One(answer)
    }
}

impl<T: Record> HandlerReply for shape::Large<T> {
    type Answer = BoxStream<'static, Result<Bytes, Failure>>;

    fn sent(answer: Self::Answer) -> Payload<T> {
        Payload::Json(answer)
    }
}

impl<T: Record> HandlerReply for shape::Many<T> {
    type Answer = Records<T>;

    fn sent(answer: Records<T>) -> Payload<T> {
        Payload::Many(answer)
    }
}

impl<A: Record, B: Record> HandlerReply for shape::OneOrMany<A, B> {
    type Answer = OneOrMany<A, B>;

    fn sent(answer: OneOrMany<A, B>) -> Payload<Either<A, B>> {
        match answer {
            OneOrMany::One(record) => Payload::One(Either::One(record)),
            OneOrMany::Json(pieces) => Payload::Json(pieces),
            OneOrMany::Many(records) => Payload::Many(records.map(Either::Each)),
        }
    }
}

impl HandlerReply for shape::Bytes {
    type Answer = ByteStream;

    fn sent(answer: ByteStream) -> Payload<()> {
        Payload::Bytes(answer)
    }
}

impl HandlerReply for shape::Nothing {
    type Answer = ();

    fn sent((): ()) -> Payload<()> {
        Payload::Many(Records::none())
    }
}

/// One record or many, as the request asks.
pub(crate) enum OneOrMany<A, B> {
    /// One JSON value.
    One(A),
    /// One JSON value that is too large to be held: its text in pieces.
    Json(BoxStream<'static, Result<Bytes, Failure>>),
    /// JSON values, one per line, as they arrive.
    Many(Records<B>),
}

/// A response of bytes of a media type.
pub(crate) struct ByteStream {
    /// The media type.
    pub(crate) media_type: &'static str,
    /// `X-Content-Length`.
    pub(crate) length: Option<u64>,
    /// The bytes.
    pub(crate) stream: BoxStream<'static, Result<Bytes, Failure>>,
}

/// The payload of a response.
pub(crate) enum Payload<R> {
    /// One JSON value.
    One(R),
    /// JSON values, one per line, as they arrive.
    Many(Records<R>),
    /// One JSON value that is too large to be held: its text in pieces.
    Json(BoxStream<'static, Result<Bytes, Failure>>),
    /// Bytes.
    Bytes(ByteStream),
}

/// Options of a call that its response depends on.
pub(crate) struct ResponseOptions {
    pub(crate) encoding: Encoding,
    timeout: Option<Duration>,
    trailers: Trailers,
    /// Ends the request in the list of requests when the answer has ended.
    running: Option<Running>,
}

impl ResponseOptions {
    pub(crate) fn of(context: &CallContext, running: Option<Running>) -> Self {
        Self {
            running,
            encoding: context.encoding,
            timeout: context.timeout,
            trailers: context.trailers.clone(),
        }
    }
}

/// Runs a handler and starts its response.
pub(crate) fn begin<C: Command<Reply: HandlerReply>>(
    work: impl Future<Output = Result<Answer<C>, Failure>> + Send,
    encoding: Encoding,
    text: Option<C>,
) -> impl Future<Output = Result<ResponseStart, Failure>> + Send {
    // An async function would hold its argument twice.
    work.map(move |answer| started::<C>(answer?, encoding, text))
}

fn started<C: Command<Reply: HandlerReply>>(
    answer: Answer<C>,
    encoding: Encoding,
    text: Option<C>,
) -> Result<ResponseStart, Failure> {
    let written = match (encoding, text) {
        (Encoding::Xml, _) => RecordFormat::Xml(C::SPEC.xml),
        (_, Some(request)) => RecordFormat::Text(request),
        (_, None) => RecordFormat::Json,
    };
    Ok(match C::Reply::sent(answer) {
        Payload::One(record) => {
            let mut out = BytesMut::new();
            encode::<C>(&record, &written, &mut out)?;
            ResponseStart {
                kind: PayloadKind::One,
                first: Some(out.freeze()),
                rest: None,
            }
        }
        Payload::Json(stream) => ResponseStart {
            kind: PayloadKind::One,
            first: None,
            rest: Some(stream),
        },
        Payload::Many(records) => ResponseStart {
            kind: PayloadKind::Many,
            first: None,
            rest: Some(records.lines(|records| lines::<C>(records, written))),
        },
        Payload::Bytes(bytes) => ResponseStart {
            kind: PayloadKind::Bytes(bytes.media_type, bytes.length),
            first: None,
            rest: Some(bytes.stream),
        },
    })
}

/// Writes the response after its start.
pub(crate) async fn respond(
    start: BoxFuture<'static, Result<ResponseStart, Failure>>,
    options: ResponseOptions,
) -> Response {
    let deadline = options
        .timeout
        .map(|limit| tokio::time::Instant::now() + limit);
    // Kubo sends the length before it knows whether it can send the content.
    let mut promised = None;
    let start = async {
        let mut answer = start.await?;
        let Some(rest) = &mut answer.rest else {
            return Ok(answer);
        };
        match rest.next().await.transpose() {
            Ok(first) => {
                answer.first = first;
                answer.finish();
            }
            // No bytes, and a trailer with the reason.
            Err(told @ Failure::Trailer(_)) if matches!(answer.kind, PayloadKind::Bytes(..)) => {
                *rest = futures_util::stream::iter([Err(told)]).boxed();
            }
            Err(failure) => {
                if let PayloadKind::Bytes(_, length) = answer.kind {
                    promised = length;
                }
                return Err(failure);
            }
        }
        Ok(answer)
    };
    let start = match deadline {
        None => start.await,
        Some(deadline) => tokio::time::timeout_at(deadline, start)
            .await
            .unwrap_or_else(|_| Err(timed_out())),
    };
    match start {
        Ok(start) => success(start, options, deadline),
        Err(failure) => {
            let mut response = refused(&failure, &options);
            if let Some(length) = promised {
                response.headers_mut().insert(CONTENT_LENGTH, length.into());
            }
            response
        }
    }
}

/// The first piece of a response, and the rest.
pub(crate) struct ResponseStart {
    kind: PayloadKind,
    first: Option<Bytes>,
    rest: Option<BoxStream<'static, Result<Bytes, Failure>>>,
}

impl ResponseStart {
    /// Checks whether the first piece is everything, so that a small response is sent at once.
    fn finish(&mut self) {
        if self
            .rest
            .as_ref()
            .is_some_and(|rest| rest.size_hint().1 == Some(0))
        {
            self.rest = None;
        }
        let PayloadKind::Bytes(_, Some(length)) = self.kind else {
            return;
        };
        let whole = (self.first.as_ref()).is_some_and(|first| first.len() as u64 == length);
        let Some(mut rest) = self.rest.take_if(|_| whole) else {
            return;
        };
        self.rest = match rest.next().now_or_never() {
            Some(None) => None,
            Some(Some(next)) => Some(futures_util::stream::iter([next]).chain(rest).boxed()),
            None => Some(rest),
        };
    }
}

enum PayloadKind {
    One,
    Many,
    Bytes(&'static str, Option<u64>),
}
