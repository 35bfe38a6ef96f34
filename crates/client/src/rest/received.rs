//! What a caller receives for each kind of reply.

use std::future::Future;
use std::marker::PhantomData;

use bytes::{Bytes, BytesMut};
use cairn_wire::rest::{Api, Endpoint, Query, ReplyHeaders, WithHeaders};
use cairn_wire::shape::{self, Record, Reply};
use futures_util::stream::{self, Stream};
use http::StatusCode;

use super::CallError;
use crate::kubo::{Answer, Splitter};

/// Maximum size of an answer that is held as a whole, in bytes.
const LIMIT: usize = 16 << 20;

/// Maximum size of a [`shape::Large`] answer, in bytes.
const LARGE_LIMIT: usize = 1 << 30;

/// What a call of an endpoint gives.
pub type ValueOf<E> =
    <<E as Endpoint>::Reply as Received>::Value<<<E as Endpoint>::Api as Api>::Error>;

/// The body of a refusal.
pub trait Refusal: Record + std::fmt::Debug {}

impl<E: Record + std::fmt::Debug> Refusal for E {}

/// What else is known of an answer.
#[derive(Clone, Copy, Debug)]
pub struct Context {
    status: StatusCode,
    many: bool,
}

impl Context {
    pub(super) fn new(status: StatusCode, many: bool) -> Self {
        Self { status, many }
    }
}

/// A reply that a call can receive.
pub trait Received: Reply {
    /// What the caller receives.
    type Value<E: Refusal>: Send;

    /// Reads it.
    fn receive<E: Refusal>(
        context: Context,
        answer: Answer,
    ) -> impl Future<Output = Result<Self::Value<E>, CallError<E>>> + Send;
}

impl<T: Record> Received for shape::One<T> {
    type Value<E: Refusal> = T;

    async fn receive<E: Refusal>(context: Context, answer: Answer) -> Result<T, CallError<E>> {
        let status = context.status;
        let bytes = whole(answer).await?;
        serde_json::from_slice(&bytes).map_err(|source| malformed(status, source))
    }
}

impl<T: Record> Received for shape::Large<T> {
    type Value<E: Refusal> = T;

    async fn receive<E: Refusal>(context: Context, answer: Answer) -> Result<T, CallError<E>> {
        let status = context.status;
        let bytes = at_most(LARGE_LIMIT, answer).await?;
        serde_json::from_slice(&bytes).map_err(|source| malformed(status, source))
    }
}

impl Received for shape::Nothing {
    type Value<E: Refusal> = ();

    async fn receive<E: Refusal>(_: Context, answer: Answer) -> Result<(), CallError<E>> {
        whole(answer).await.map(drop)
    }
}

impl<T: Record> Received for shape::Many<T> {
    type Value<E: Refusal> = Records<T, E>;

    async fn receive<E: Refusal>(
        context: Context,
        answer: Answer,
    ) -> Result<Records<T, E>, CallError<E>> {
        Ok(Records {
            status: context.status,
            answer,
            splitter: Splitter::default(),
            record: PhantomData,
        })
    }
}

impl<T: Record, U: Record> Received for shape::OneOrMany<T, U> {
    type Value<E: Refusal> = OneOrMany<T, U, E>;

    async fn receive<E: Refusal>(
        context: Context,
        answer: Answer,
    ) -> Result<OneOrMany<T, U, E>, CallError<E>> {
        if context.many {
            let records = shape::Many::<U>::receive(context, answer).await?;
            Ok(OneOrMany::Many(records))
        } else {
            let record = shape::One::<T>::receive(context, answer).await?;
            Ok(OneOrMany::One(record))
        }
    }
}

impl Received for shape::Bytes {
    type Value<E: Refusal> = Download<E>;

    async fn receive<E: Refusal>(_: Context, answer: Answer) -> Result<Download<E>, CallError<E>> {
        Ok(Download {
            answer,
            error: PhantomData,
        })
    }
}

impl<H: ReplyHeaders, R: Received> Received for WithHeaders<H, R> {
    type Value<E: Refusal> = (H, R::Value<E>);

    async fn receive<E: Refusal>(
        context: Context,
        answer: Answer,
    ) -> Result<Self::Value<E>, CallError<E>> {
        let mut found = Query::default();
        for param in H::HEADERS {
            for value in answer.headers().get_all(param.name) {
                found
                    .push_header(param, value.as_bytes())
                    .map_err(CallError::Header)?;
            }
        }
        let headers = H::read(&found).map_err(CallError::Header)?;
        Ok((headers, R::receive(context, answer).await?))
    }
}

/// One record or many, as the request asked.
#[derive(Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "one for each call: a box would cost more than the move"
)]
pub enum OneOrMany<T, U, E> {
    /// One.
    One(T),
    /// Many.
    Many(Records<U, E>),
}

/// The records of an answer, read as they arrive.
#[derive(Debug)]
pub struct Records<T, E> {
    status: StatusCode,
    answer: Answer,
    splitter: Splitter,
    record: PhantomData<fn() -> (T, E)>,
}

impl<T: Record, E: Refusal> Records<T, E> {
    /// The next record; `None` at the end of a whole answer.
    ///
    /// # Errors
    ///
    /// [`CallError::Interrupted`] when the server says why the answer was cut off, [`CallError::Cut`] when it does
    /// not, [`CallError::Malformed`].
    pub async fn next(&mut self) -> Result<Option<T>, CallError<E>> {
        loop {
            if let Some(line) = self.splitter.next().map_err(CallError::reading)? {
                return self.record(&line).map(Some);
            }
            match self.answer.chunk().await.map_err(CallError::reading)? {
                Some(bytes) => self.splitter.push(&bytes),
                None => {
                    let last = self.splitter.last();
                    return last.map(|line| self.record(&line)).transpose();
                }
            }
        }
    }

    /// The records as a stream.
    pub fn into_stream(self) -> impl Stream<Item = Result<T, CallError<E>>> + Send {
        stream::try_unfold(self, |mut records| async move {
            Ok(records.next().await?.map(|record| (record, records)))
        })
    }

    fn record(&self, line: &[u8]) -> Result<T, CallError<E>> {
        let status = self.status;
        serde_json::from_slice(line).map_err(|source| malformed(status, source))
    }
}

/// The bytes of an answer, read as they arrive.
#[derive(Debug)]
pub struct Download<E> {
    answer: Answer,
    error: PhantomData<fn() -> E>,
}

impl<E: Refusal> Download<E> {
    /// The next bytes; `None` at the end of a complete response.
    ///
    /// # Errors
    ///
    /// [`CallError::Interrupted`] when the server says why the answer was cut off, [`CallError::Cut`] when it does
    /// not.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, CallError<E>> {
        self.answer.chunk().await.map_err(CallError::reading)
    }

    /// How many bytes will come, as far as the server tells.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        self.answer.length()
    }

    /// The content type.
    #[must_use]
    pub fn media_type(&self) -> Option<&str> {
        self.answer.content_type()
    }
}

/// A successful response that cannot be parsed.
fn malformed<E: Refusal>(status: StatusCode, source: serde_json::Error) -> CallError<E> {
    CallError::Malformed {
        status,
        retry_after: None,
        source,
    }
}

/// All bytes of an answer.
pub(super) async fn whole<E: Refusal>(answer: Answer) -> Result<Bytes, CallError<E>> {
    at_most(LIMIT, answer).await
}

/// All bytes of an answer that is not longer than this.
async fn at_most<E: Refusal>(limit: usize, mut answer: Answer) -> Result<Bytes, CallError<E>> {
    let mut out = BytesMut::new();
    while let Some(bytes) = answer.chunk().await.map_err(CallError::reading)? {
        if out.len() + bytes.len() > limit {
            let reason = format!("the answer is longer than {limit} bytes");
            return Err(CallError::Cut(reason.into()));
        }
        out.extend_from_slice(&bytes);
    }
    Ok(out.freeze())
}
