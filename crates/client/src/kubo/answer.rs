//! The response to a request, as bytes.

use std::future::poll_fn;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes};
use cairn_wire::kubo::{STREAM_END, STREAM_END_TRAILER};
use cairn_wire::{CommandError, ERROR_DETAIL};
use futures_util::stream::{self, Stream};
use http::{HeaderMap, Response, StatusCode, header};
use http_body::Body as _;
use tokio::io::{AsyncRead, ReadBuf};

use super::idle::Idle;
use crate::error::{EncoderError, Error, PartialResponse};
use crate::transport::Body;
use crate::upload::Failure;

/// The trailer with the reason why a stream ended early.
const STREAM_ERROR: &str = "x-stream-error";
/// The length of a streamed response, if `Content-Length` cannot be sent.
const CONTENT_LENGTH: &str = "x-content-length";
/// A part of messages about missing blocks.
const ABSENT: &str = "could not find ";
/// Why a response that seems to be complete is not.
const NO_TRAILER: &str = "the trailer that confirms its end did not arrive";
/// Maximum number of bytes of an error response that are read.
const REFUSAL_LIMIT: usize = 64 * 1024;

/// The bytes of a response, read as they arrive: with [`Self::chunk`], as a [`Stream`], or as an [`AsyncRead`]. Dropping it cancels
/// the call.
///
/// ```no_run
/// # async fn example(kubo: cairn_client::Kubo) -> Result<(), Box<dyn std::error::Error>> {
/// // Write to a file atomically.
/// kubo.cat("/ipfs/bafkqabtimvwgy3yk").await?.to_file("hello.txt").await?;
/// // Use it as a reader.
/// let mut content = kubo.cat("/ipfs/bafkqabtimvwgy3yk").await?;
/// tokio::io::copy(&mut content, &mut tokio::io::sink()).await?;
/// # Ok(())
/// # }
/// ```
pub struct Answer {
    body: Body,
    headers: HeaderMap,
    failure: Option<Failure>,
    asked: Asked,
    idle: Idle,
    ended: bool,
    /// Whether the response is complete only with a trailer, as agreed with the server, since proxies may drop trailers.
    unconfirmed: bool,
    /// Bytes that a reader has not consumed.
    rest: Bytes,
}

/// What is needed of the request to read the response.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    /// The arguments, for error messages.
    pub(super) subject: Option<String>,
    /// Whether at least one record is expected.
    pub(super) due: bool,
    /// Whether the response is bytes, whose content type is not checked even if they are read as records.
    pub(super) bytes: bool,
    /// The requested encoding, if it is not JSON.
    pub(super) encoding: Option<String>,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Answer")
            .field("headers", &self.headers)
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}

impl Answer {
    /// A successful response of any API.
    pub(crate) fn accepted(
        headers: HeaderMap,
        body: Body,
        failure: Option<Failure>,
        idle: Idle,
    ) -> Self {
        let unconfirmed = headers
            .get(STREAM_END)
            .is_some_and(|how| how == STREAM_END_TRAILER);
        Self {
            body,
            headers,
            failure,
            asked: Asked::default(),
            idle,
            ended: false,
            unconfirmed,
            rest: Bytes::new(),
        }
    }

    /// Its headers.
    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Returns a successful response, or the error of any other.
    pub(super) async fn read_head(
        response: Response<Body>,
        failure: Option<Failure>,
        asked: Asked,
        idle: Idle,
    ) -> Result<Self, Error> {
        let (head, body) = response.into_parts();
        let mut answer = Self {
            asked,
            ..Self::accepted(head.headers, body, failure, idle)
        };
        if head.status.is_success() {
            return Ok(answer);
        }
        Err(answer.refusal(head.status).await)
    }

    /// Whether at least one record is expected.
    pub(super) fn is_record_due(&self) -> bool {
        self.asked.due
    }

    /// Checks that the content type is JSON.
    pub(super) fn check_json(&self) -> Result<(), Error> {
        let Some(found) = self.content_type().filter(|_| !self.asked.bytes) else {
            return Ok(());
        };
        let essence = found.split(';').next().unwrap_or_default().trim();
        if matches!(essence, "application/json" | "application/x-ndjson") {
            return Ok(());
        }
        Err(match &self.asked.encoding {
            Some(encoding) => EncoderError::Missing {
                encoding: encoding.clone(),
            }
            .into(),
            None => Error::ContentType {
                expected: "application/json",
                found: found.to_owned(),
            },
        })
    }

    /// The next bytes; `None` at the end of a complete response.
    ///
    /// # Errors
    ///
    /// [`Error::Partial`] if the command failed after the response had started, [`Error::Cut`] if the response is incomplete,
    /// [`Error::Timeout`] if it does not continue in time, [`Error::Upload`] if a file could not be read.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        poll_fn(|context| self.poll_chunk(context)).await
    }

    pub(crate) fn poll_chunk(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<Option<Bytes>, Error>> {
        if !self.rest.is_empty() {
            return Poll::Ready(Ok(Some(std::mem::take(&mut self.rest))));
        }
        while !self.ended {
            let Poll::Ready(next) = Pin::new(&mut self.body).poll_frame(context) else {
                return self.idle.poll(context).map(|late| {
                    self.ended = true;
                    Err(late)
                });
            };
            self.idle.moved();
            match next {
                None => {
                    self.ended = true;
                    if self.unconfirmed {
                        return Poll::Ready(Err(self
                            .failed()
                            .unwrap_or_else(|| Error::Cut(NO_TRAILER.into()))));
                    }
                }
                Some(Err(error)) => {
                    self.ended = true;
                    return Poll::Ready(Err(self.failed().unwrap_or(Error::Cut(error))));
                }
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(bytes) if bytes.is_empty() => {}
                    Ok(bytes) => {
                        return Poll::Ready(Ok(Some(bytes)));
                    }
                    Err(frame) => {
                        if let Some(trailers) = frame.trailers_ref() {
                            self.end_by(trailers)?;
                        }
                    }
                },
            }
        }
        Poll::Ready(Ok(None))
    }

    /// Reads the trailer.
    fn end_by(&mut self, trailers: &HeaderMap) -> Result<(), Error> {
        let reason = trailers.get(STREAM_ERROR);
        self.unconfirmed &= reason.is_none();
        let Some(reason) = reason.filter(|reason| !reason.is_empty()) else {
            return Ok(());
        };
        let reason = String::from_utf8_lossy(reason.as_bytes()).into_owned();
        let detail = trailers.get(ERROR_DETAIL).map(|detail| {
            percent_encoding::percent_decode(detail.as_bytes())
                .decode_utf8_lossy()
                .into_owned()
        });
        let error = self.with_subject(CommandError {
            detail,
            ..CommandError::normal(reason)
        });
        self.ended = true;
        Err(self
            .failed()
            .unwrap_or_else(|| PartialResponse::of(error).into()))
    }

    /// The length in bytes as reported by the server: only suitable for progress bars.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        let number = |name: &str| self.headers.get(name)?.to_str().ok()?.parse().ok();
        number(CONTENT_LENGTH).or_else(|| number(header::CONTENT_LENGTH.as_str()))
    }

    /// The content type.
    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        self.headers.get(header::CONTENT_TYPE)?.to_str().ok()
    }

    /// Reads all bytes, up to a limit.
    ///
    /// # Errors
    ///
    /// [`Error::TooLong`], and those of [`Self::chunk`]; [`Error::Partial`] contains the `Vec<u8>` that had arrived.
    pub async fn to_vec(mut self, limit: usize) -> Result<Vec<u8>, Error> {
        let mut all = Vec::new();
        loop {
            match self.chunk().await {
                Ok(Some(bytes)) if bytes.len() > limit - all.len() => {
                    return Err(Error::TooLong { limit });
                }
                Ok(Some(bytes)) => all.extend_from_slice(&bytes),
                Ok(None) => return Ok(all),
                Err(Error::Partial(partial)) => return Err(partial.with(all).into()),
                Err(error) => return Err(error),
            }
        }
    }

    /// Writes all bytes to a file and returns their number. The file is replaced atomically, after all bytes were written to a
    /// temporary file in the same directory and synced; after an error the previous file is unchanged.
    ///
    /// # Errors
    ///
    /// [`Error::Write`], and those of [`Self::chunk`].
    pub async fn to_file(self, path: impl AsRef<Path>) -> Result<u64, Error> {
        super::file::write(self, path.as_ref()).await
    }

    /// The bytes as a stream.
    pub fn into_stream(self) -> impl Stream<Item = Result<Bytes, Error>> + Send {
        stream::try_unfold(self, |mut answer| async move {
            Ok(answer.chunk().await?.map(|bytes| (bytes, answer)))
        })
    }

    /// Adds the argument to messages that only name a missing block below it.
    fn with_subject(&self, mut error: CommandError) -> CommandError {
        if let Some(asked) = &self.asked.subject
            && error.message.contains(ABSENT)
            && !error.message.contains(root_of(asked))
        {
            error.message = format!("{asked}: {}", error.message);
            error.detail = error.detail.map(|detail| format!("{asked}: {detail}"));
        }
        error
    }

    /// The error of the command, or of the upload that caused it.
    pub(super) fn command_error(&mut self, status: StatusCode, error: CommandError) -> Error {
        let error = self.with_subject(error);
        self.failed().unwrap_or(Error::Response { status, error })
    }

    /// Why the upload ended early, if it did.
    fn failed(&mut self) -> Option<Error> {
        self.failure.take()?.take().map(Error::Upload)
    }

    async fn refusal(&mut self, status: StatusCode) -> Error {
        let mut text = Vec::new();
        while let Ok(Some(bytes)) = self.chunk().await {
            let room = REFUSAL_LIMIT - text.len();
            text.extend_from_slice(bytes.get(..room).unwrap_or(&bytes));
            if text.len() >= REFUSAL_LIMIT {
                break;
            }
        }
        if let Some(error) = self.failed() {
            return error;
        }
        match serde_json::from_slice::<CommandError>(&text) {
            Ok(error) => self.command_error(status, error),
            Err(_) => Error::Status {
                status,
                text: String::from_utf8_lossy(&text).into_owned(),
            },
        }
    }
}

impl Stream for Answer {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_chunk(context).map(Result::transpose)
    }
}

impl AsyncRead for Answer {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if let Some(mut bytes) = ready!(self.poll_chunk(context)).map_err(io::Error::other)? {
            let count = bytes.len().min(out.remaining());
            out.put_slice(bytes.get(..count).unwrap_or_default());
            bytes.advance(count);
            self.rest = bytes;
        }
        Poll::Ready(Ok(()))
    }
}

/// The root of a path.
fn root_of(path: &str) -> &str {
    let path = path.strip_prefix("/ipfs/").unwrap_or(path);
    path.split('/').next().unwrap_or(path)
}
