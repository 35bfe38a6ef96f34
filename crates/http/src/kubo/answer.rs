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
use cairn_wire::kubo::Command;
use cairn_wire::shape::{self, Either, Record, Reply};
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use futures_util::{FutureExt as _, StreamExt as _};

pub(crate) use self::encoding::Encoding;
use self::encoding::{Written, encode, lines};
pub(crate) use self::records::{Records, Sender};
use self::response::{CONTENT_LENGTH, refused, success};
pub(crate) use self::response::{empty_group, nothing_at_all, plain, redirect};
use super::Failure;
use super::call::{Asked, timed_out};
use crate::requests::Running;
use crate::stream::Trailers;

/// What a handler of this command gives.
pub(crate) type Answer<C> = <<C as Command>::Reply as Answered>::Answer;

/// What a handler gives for each kind of reply, and how it is sent.
pub(crate) trait Answered: Reply {
    /// What a handler gives.
    type Answer: Send;

    /// The same in the one form that is sent.
    fn sent(answer: Self::Answer) -> Sent<Self::Record>;
}

impl<T: Record> Answered for shape::One<T> {
    type Answer = T;

    fn sent(answer: T) -> Sent<T> {
        Sent::One(answer)
    }
}

impl<T: Record> Answered for shape::Large<T> {
    type Answer = BoxStream<'static, Result<Bytes, Failure>>;

    fn sent(answer: Self::Answer) -> Sent<T> {
        Sent::Json(answer)
    }
}

impl<T: Record> Answered for shape::Many<T> {
    type Answer = Records<T>;

    fn sent(answer: Records<T>) -> Sent<T> {
        Sent::Many(answer)
    }
}

impl<A: Record, B: Record> Answered for shape::OneOrMany<A, B> {
    type Answer = OneOrMany<A, B>;

    fn sent(answer: OneOrMany<A, B>) -> Sent<Either<A, B>> {
        match answer {
            OneOrMany::One(record) => Sent::One(Either::One(record)),
            OneOrMany::Json(pieces) => Sent::Json(pieces),
            OneOrMany::Many(records) => Sent::Many(records.map(Either::Each)),
        }
    }
}

impl Answered for shape::Bytes {
    type Answer = ByteStream;

    fn sent(answer: ByteStream) -> Sent<()> {
        Sent::Bytes(answer)
    }
}

impl Answered for shape::Nothing {
    type Answer = ();

    fn sent((): ()) -> Sent<()> {
        Sent::Many(Records::none())
    }
}

/// One record or many, as was asked for.
pub(crate) enum OneOrMany<A, B> {
    /// One JSON value.
    One(A),
    /// One JSON value that is too large to be held: its text in pieces.
    Json(BoxStream<'static, Result<Bytes, Failure>>),
    /// JSON values, one a line, as they come.
    Many(Records<B>),
}

/// Bytes of a media type.
pub(crate) struct ByteStream {
    /// The media type.
    pub(crate) media_type: &'static str,
    /// `X-Content-Length`.
    pub(crate) length: Option<u64>,
    /// The bytes.
    pub(crate) stream: BoxStream<'static, Result<Bytes, Failure>>,
}

/// What is sent.
pub(crate) enum Sent<R> {
    /// One JSON value.
    One(R),
    /// JSON values, one a line, as they come.
    Many(Records<R>),
    /// One JSON value that is too large to be held: its text in pieces.
    Json(BoxStream<'static, Result<Bytes, Failure>>),
    /// Bytes.
    Bytes(ByteStream),
}

/// What an answer needs to know of its call.
pub(crate) struct Shown {
    pub(crate) encoding: Encoding,
    timeout: Option<Duration>,
    trailers: Trailers,
    /// Ends the request in the list of requests when the answer has ended.
    running: Option<Running>,
}

impl Shown {
    pub(crate) fn of(asked: &Asked, running: Option<Running>) -> Self {
        Self {
            running,
            encoding: asked.encoding,
            timeout: asked.timeout,
            trailers: asked.trailers.clone(),
        }
    }
}

/// Runs a handler and begins its answer.
pub(crate) async fn begin<C: Command<Reply: Answered>>(
    work: impl Future<Output = Result<Answer<C>, Failure>> + Send,
    encoding: Encoding,
    text: Option<C>,
) -> Result<Begun, Failure> {
    let written = match (encoding, text) {
        (Encoding::Xml, _) => Written::Xml(C::SPEC.xml),
        (_, Some(request)) => Written::Text(request),
        (_, None) => Written::Json,
    };
    Ok(match C::Reply::sent(work.await?) {
        Sent::One(record) => {
            let mut out = BytesMut::new();
            encode::<C>(&record, &written, &mut out)?;
            Begun {
                kind: Kind::One,
                first: Some(out.freeze()),
                rest: None,
            }
        }
        Sent::Json(stream) => Begun {
            kind: Kind::One,
            first: None,
            rest: Some(stream),
        },
        Sent::Many(records) => Begun {
            kind: Kind::Many,
            first: None,
            rest: Some(records.lines(|records| lines::<C>(records, written))),
        },
        Sent::Bytes(bytes) => Begun {
            kind: Kind::Bytes(bytes.media_type, bytes.length),
            first: None,
            rest: Some(bytes.stream),
        },
    })
}

/// Writes the answer that begins so.
pub(crate) async fn respond(
    begun: BoxFuture<'static, Result<Begun, Failure>>,
    shown: Shown,
) -> Response {
    let deadline = shown
        .timeout
        .map(|limit| tokio::time::Instant::now() + limit);
    // Kubo says how long an answer is before it looks whether it can give it.
    let mut promised = None;
    let begun = async {
        let mut answer = begun.await?;
        let Some(rest) = &mut answer.rest else {
            return Ok(answer);
        };
        match rest.next().await.transpose() {
            Ok(first) => {
                answer.first = first;
                answer.finish();
            }
            // Bytes of which there are none, and a trailer that says why.
            Err(told @ Failure::Told(_)) if matches!(answer.kind, Kind::Bytes(..)) => {
                *rest = futures_util::stream::iter([Err(told)]).boxed();
            }
            Err(failure) => {
                if let Kind::Bytes(_, length) = answer.kind {
                    promised = length;
                }
                return Err(failure);
            }
        }
        Ok(answer)
    };
    let begun = match deadline {
        None => begun.await,
        Some(deadline) => tokio::time::timeout_at(deadline, begun)
            .await
            .unwrap_or_else(|_| Err(timed_out())),
    };
    match begun {
        Ok(begun) => success(begun, shown, deadline),
        Err(failure) => {
            let mut response = refused(&failure, &shown);
            if let Some(length) = promised {
                response.headers_mut().insert(CONTENT_LENGTH, length.into());
            }
            response
        }
    }
}

/// The head of an answer, and what follows.
pub(crate) struct Begun {
    kind: Kind,
    first: Option<Bytes>,
    rest: Option<BoxStream<'static, Result<Bytes, Failure>>>,
}

impl Begun {
    /// Looks whether anything follows bytes that should be all, so that a small answer goes out in one piece.
    fn finish(&mut self) {
        if self
            .rest
            .as_ref()
            .is_some_and(|rest| rest.size_hint().1 == Some(0))
        {
            self.rest = None;
        }
        let Kind::Bytes(_, Some(length)) = self.kind else {
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

enum Kind {
    One,
    Many,
    Bytes(&'static str, Option<u64>),
}
