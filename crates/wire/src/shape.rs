//! What a request carries and what an answer holds, as types: they say which calls compile.

use std::marker::PhantomData;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// The header with which a client says that it takes an answer for whole only when its trailer says so, and with which the
/// server agrees. Its one value is [`STREAM_END_TRAILER`].
///
/// An answer that fails midway then ends with `X-Stream-Error: REASON` in the trailer, and a whole one with an empty
/// `X-Stream-Error`. Without the agreement it is cut off, so that nobody takes it for whole; the reason is lost then.
pub const STREAM_END: &str = "x-stream-end";

/// The value of [`STREAM_END`].
pub const STREAM_END_TRAILER: &str = "trailer";

/// A value that is sent as JSON.
pub trait Record: Serialize + DeserializeOwned + Send + 'static {}

impl<T: Serialize + DeserializeOwned + Send + 'static> Record for T {}

/// What a request carries besides its path, query and headers.
pub trait Body: 'static {
    /// Which one it is.
    const KIND: BodyKind;
}

/// The kinds of [`Body`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyKind {
    /// Nothing.
    Nothing,
    /// One JSON value.
    Json,
    /// Bytes of any media type, read as they arrive.
    Bytes,
    /// `multipart/form-data`, read part by part.
    Files,
    /// Bytes or files, by the request's `Content-Type`.
    BytesOrFiles,
}

/// No body.
#[derive(Debug)]
pub enum NoBody {}

/// A body that is one JSON value.
#[derive(Debug)]
pub struct Json<T>(PhantomData<fn() -> T>);

/// A body of bytes of any media type, read as they arrive.
#[derive(Debug)]
pub enum RawBody {}

/// A `multipart/form-data` body, read part by part.
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

/// What an answer holds.
pub trait Reply: 'static {
    /// Which one it is.
    const KIND: ReplyKind;

    /// What can be printed: one record. `()` where an answer is bytes or empty.
    type Record: Record;
}

/// The kinds of [`Reply`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplyKind {
    /// One JSON value.
    One,
    /// JSON values as they arrive, one per line.
    Many,
    /// One JSON value or many, as the request asks.
    OneOrMany,
    /// Bytes.
    Bytes,
    /// Nothing.
    Nothing,
}

/// An answer of one JSON value.
#[derive(Debug)]
pub struct One<T>(PhantomData<fn() -> T>);

/// An answer of one JSON value that may be too large for the server to hold.
#[derive(Debug)]
pub struct Large<T>(PhantomData<fn() -> T>);

/// An answer of JSON values as they arrive, one per line.
#[derive(Debug)]
pub struct Many<T>(PhantomData<fn() -> T>);

/// One JSON value or many, by an option of the request.
#[derive(Debug)]
pub struct OneOrMany<A, B>(PhantomData<fn() -> (A, B)>);

/// An answer of bytes.
#[derive(Debug)]
pub enum Bytes {}

/// An answer without content.
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
