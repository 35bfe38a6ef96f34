//! The answer to a request, as bytes.

use bytes::Bytes;
use cairn_wire::kubo::{STREAM_END, STREAM_END_TRAILER};
use cairn_wire::{CommandError, ErrorDetail};
use futures_util::stream::{self, Stream};
use http::{HeaderMap, Response, StatusCode, header};
use http_body_util::BodyExt as _;

use crate::error::Error;
use crate::transport::Body;
use crate::upload::Failure;

/// The trailer that says why a stream has ended early.
const STREAM_ERROR: &str = "x-stream-error";
/// The length of what is streamed, when `Content-Length` cannot be sent.
const CONTENT_LENGTH: &str = "x-content-length";
/// What messages about a block that is not there contain.
const ABSENT: &str = "could not find ";
/// Why an answer is not whole that ended as if it were.
const NO_TRAILER: &str = "the trailer that confirms its end did not arrive";
/// Maximum number of bytes of an error response that are read.
const REFUSAL_LIMIT: usize = 64 * 1024;

/// The bytes of an answer, read as they arrive.
pub struct Answer {
    body: Body,
    headers: HeaderMap,
    failure: Option<Failure>,
    asked: Option<String>,
    ended: bool,
    /// Whether only a trailer makes it whole, which the server has agreed to: what stands between may drop trailers.
    unconfirmed: bool,
    /// Whether it must hold a record.
    due: bool,
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
    /// An answer of any API to a request that was accepted.
    pub(crate) fn accepted(headers: HeaderMap, body: Body, failure: Option<Failure>) -> Self {
        let unconfirmed = headers
            .get(STREAM_END)
            .is_some_and(|how| how == STREAM_END_TRAILER);
        Self {
            body,
            headers,
            failure,
            asked: None,
            ended: false,
            unconfirmed,
            due: false,
        }
    }

    /// Its headers.
    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Takes an answer whose status says that the request was accepted; reads the error of any other.
    pub(super) async fn read_head(
        response: Response<Body>,
        failure: Option<Failure>,
        asked: Option<String>,
    ) -> Result<Self, Error> {
        let (head, body) = response.into_parts();
        let mut answer = Self {
            asked,
            ..Self::accepted(head.headers, body, failure)
        };
        if head.status.is_success() {
            return Ok(answer);
        }
        let detail = head.extensions.get::<ErrorDetail>().cloned();
        let mut error = answer.refusal(head.status).await;
        if let Error::Command { error, .. } = &mut error {
            let named = (answer.asked.as_ref())
                .map(|asked| format!("{asked}: "))
                .filter(|asked| error.message.starts_with(asked));
            error.detail =
                detail.map(|ErrorDetail(text)| format!("{}{text}", named.unwrap_or_default()));
        }
        Err(error)
    }

    /// The same, for an answer that must hold a record.
    pub(super) fn with_record_due(self, due: bool) -> Self {
        Self { due, ..self }
    }

    /// Whether a record must be among the bytes.
    pub(super) fn is_record_due(&self) -> bool {
        self.due
    }

    /// The next bytes; `None` at the end of a whole answer.
    ///
    /// # Errors
    ///
    /// [`Error::Stream`] when the server says that the command failed on the way, [`Error::Cut`] when the answer ends
    /// before its end, [`Error::Upload`] when it does so because a file could not be read.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        while !self.ended {
            match self.body.frame().await {
                None => {
                    self.ended = true;
                    if self.unconfirmed {
                        return Err(self
                            .failed()
                            .unwrap_or_else(|| Error::Cut(NO_TRAILER.into())));
                    }
                }
                Some(Err(error)) => {
                    self.ended = true;
                    return Err(self.failed().unwrap_or(Error::Cut(error)));
                }
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(bytes) if bytes.is_empty() => {}
                    Ok(bytes) => return Ok(Some(bytes)),
                    Err(frame) => {
                        let reason = frame
                            .trailers_ref()
                            .and_then(|trailers| trailers.get(STREAM_ERROR));
                        self.unconfirmed &= reason.is_none();
                        if let Some(reason) = reason.filter(|reason| !reason.is_empty()) {
                            let reason = String::from_utf8_lossy(reason.as_bytes()).into_owned();
                            let reason = self.named(reason);
                            self.ended = true;
                            return Err(self.failed().unwrap_or(Error::Stream(reason)));
                        }
                    }
                },
            }
        }
        Ok(None)
    }

    /// How many bytes will come, as far as the server tells: for a progress bar, not for counting on.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        let number = |name: &str| self.headers.get(name)?.to_str().ok()?.parse().ok();
        number(CONTENT_LENGTH).or_else(|| number(header::CONTENT_LENGTH.as_str()))
    }

    /// The media type.
    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        self.headers.get(header::CONTENT_TYPE)?.to_str().ok()
    }

    /// The bytes as a stream.
    pub fn into_stream(self) -> impl Stream<Item = Result<Bytes, Error>> + Send {
        stream::try_unfold(self, |mut answer| async move {
            Ok(answer.chunk().await?.map(|bytes| (bytes, answer)))
        })
    }

    /// A message with what was asked for before it, where it names a block below that alone.
    fn named(&self, message: String) -> String {
        match &self.asked {
            Some(asked) if message.contains(ABSENT) && !message.contains(root_of(asked)) => {
                format!("{asked}: {message}")
            }
            _ => message,
        }
    }

    /// An error of the command that the server told, or of the upload that caused it.
    pub(super) fn command_error(&mut self, status: StatusCode, mut error: CommandError) -> Error {
        error.message = self.named(error.message);
        self.failed().unwrap_or(Error::Command { status, error })
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
            Err(_) => Error::Refused {
                status,
                text: String::from_utf8_lossy(&text).into_owned(),
            },
        }
    }
}

/// The part of a path that names a block.
fn root_of(path: &str) -> &str {
    let path = path.strip_prefix("/ipfs/").unwrap_or(path);
    path.split('/').next().unwrap_or(path)
}
