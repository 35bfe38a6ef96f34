//! Request bodies and replies as types, so that calls of the wrong kind do not compile.

use std::marker::PhantomData;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The header with which a client says that it considers a response complete only if the trailer confirms it, and
/// with which the server agrees. Its only value is [`STREAM_END_TRAILER`].
///
/// A response that fails midway then ends with `X-Stream-Error: REASON` in the trailer, and a complete one with an
/// empty `X-Stream-Error`. Without the agreement it is cut off, so that nobody takes it for complete; the reason is
/// lost. Clients that ask for it also get errors in Cairn's own words, where their messages are Kubo's: `Detail` in the
/// JSON of an error, and [`ERROR_DETAIL`](crate::ERROR_DETAIL) in the trailer.
pub const STREAM_END: &str = "x-stream-end";

/// The value of [`STREAM_END`].
pub const STREAM_END_TRAILER: &str = "trailer";

/// A value that is sent as JSON.
pub trait Record: Serialize + DeserializeOwned + Send + 'static {}

impl<T: Serialize + DeserializeOwned + Send + 'static> Record for T {}

/// The body of a request.
pub trait Body: 'static {
    /// The kind.
    const KIND: BodyKind;
}

/// The kinds of [`Body`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyKind {
    /// No content.
    Nothing,
    /// One JSON value.
    Json,
    /// Bytes of any media type, streamed.
    Bytes,
    /// `multipart/form-data`, streamed.
    Files,
    /// Bytes or files, by the request's `Content-Type`.
    BytesOrFiles,
}

/// No body.
#[derive(Debug)]
pub enum NoBody {}

/// A body that is one JSON object; records in it are objects as well.
#[derive(Debug)]
pub struct Json<T>(PhantomData<fn() -> T>);

/// A streamed body of bytes of any media type.
#[derive(Debug)]
pub enum RawBody {}

/// A streamed `multipart/form-data` body.
#[derive(Debug)]
pub enum Files {}

/// A body of bytes or of files, by the request's `Content-Type`.
#[derive(Debug)]
pub enum RawOrFiles {}

impl Body for NoBody {
    const KIND: BodyKind = BodyKind::Nothing;
}

impl<T: Record> Body for Json<T> {
    const KIND: BodyKind = BodyKind::Json;
}

impl Body for RawBody {
    const KIND: BodyKind = BodyKind::Bytes;
}

impl Body for Files {
    const KIND: BodyKind = BodyKind::Files;
}

impl Body for RawOrFiles {
    const KIND: BodyKind = BodyKind::BytesOrFiles;
}

/// The reply of a request.
pub trait Reply: 'static {
    /// The kind.
    const KIND: ReplyKind;

    /// The records of the reply. `()` where it is bytes or empty.
    type Record: Record;
}

/// The kinds of [`Reply`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplyKind {
    /// One JSON value.
    One,
    /// A stream of JSON values, one per line.
    Many,
    /// One JSON value or many, as the request asks.
    OneOrMany,
    /// Bytes.
    Bytes,
    /// No content.
    Nothing,
}

/// A reply of one JSON value.
#[derive(Debug)]
pub struct One<T>(PhantomData<fn() -> T>);

/// A reply of one JSON value that may be too large to hold in the server's memory.
#[derive(Debug)]
pub struct Large<T>(PhantomData<fn() -> T>);

/// A reply that is a stream of JSON values, one per line.
#[derive(Debug)]
pub struct Many<T>(PhantomData<fn() -> T>);

/// One JSON value or many, by an option of the request.
#[derive(Debug)]
pub struct OneOrMany<A, B>(PhantomData<fn() -> (A, B)>);

/// A reply of bytes.
#[derive(Debug)]
pub enum Bytes {}

/// A reply without content.
#[derive(Debug)]
pub enum Nothing {}

/// A record of [`OneOrMany`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Either<A, B> {
    /// One of many.
    Each(B),
    /// The only one.
    One(A),
}

impl<T: Record> Reply for One<T> {
    const KIND: ReplyKind = ReplyKind::One;
    type Record = T;
}

impl<T: Record> Reply for Large<T> {
    const KIND: ReplyKind = ReplyKind::One;
    type Record = T;
}

impl<T: Record> Reply for Many<T> {
    const KIND: ReplyKind = ReplyKind::Many;
    type Record = T;
}

impl<A: Record, B: Record> Reply for OneOrMany<A, B> {
    const KIND: ReplyKind = ReplyKind::OneOrMany;
    type Record = Either<A, B>;
}

impl Reply for Bytes {
    const KIND: ReplyKind = ReplyKind::Bytes;
    type Record = ();
}

impl Reply for Nothing {
    const KIND: ReplyKind = ReplyKind::Nothing;
    type Record = ();
}
