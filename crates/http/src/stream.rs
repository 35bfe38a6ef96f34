//! Response bodies: streams that end successfully, end with an error trailer, or are cut off.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use cairn_wire::ERROR_DETAIL;
use cairn_wire::shape::{STREAM_END, STREAM_END_TRAILER};
use futures_util::Stream;
use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use http::{Extensions, HeaderMap, HeaderName, HeaderValue, header};
use http_body::{Body, Frame};
use tokio::sync::mpsc;

use crate::trailer::{Slot, printable};

/// Records, and the work that sends them, polled in one task: dropping the one ends the other. An error of the work comes last.
pub(crate) struct Producer<R, E> {
    work: Option<BoxFuture<'static, Result<(), E>>>,
    receiver: mpsc::Receiver<R>,
    failed: Option<E>,
}

impl<R, E> Producer<R, E> {
    /// `work` sends to the other end of `receiver`.
    pub(crate) fn new(
        work: impl Future<Output = Result<(), E>> + Send + 'static,
        receiver: mpsc::Receiver<R>,
    ) -> Self {
        Self {
            work: Some(Box::pin(work)),
            receiver,
            failed: None,
        }
    }
}

impl<R, E: Unpin> Stream for Producer<R, E> {
    type Item = Result<R, E>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if let Poll::Ready(Some(record)) = this.receiver.poll_recv(cx) {
            return Poll::Ready(Some(Ok(record)));
        }
        if let Some(work) = &mut this.work
            && let Poll::Ready(done) = work.as_mut().poll(cx)
        {
            this.work = None;
            this.failed = done.err();
        }
        match this.receiver.poll_recv(cx) {
            Poll::Ready(Some(record)) => Poll::Ready(Some(Ok(record))),
            Poll::Ready(None) if this.work.is_none() => Poll::Ready(this.failed.take().map(Err)),
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }
}

/// The trailer that carries an error after the first byte.
pub(crate) const STREAM_ERROR: &str = "X-Stream-Error";

/// Maximum size of an error's detail in a trailer, in bytes; the rest is left out.
const DETAIL_LIMIT: usize = 4 << 10;

/// Why a body failed.
#[derive(Clone, Debug)]
pub(crate) struct Reason {
    /// The message, in Kubo's words where it has some.
    pub(crate) message: String,
    /// The same in our own words, where they differ.
    pub(crate) detail: Option<String>,
}

impl<T: Into<String>> From<T> for Reason {
    fn from(message: T) -> Self {
        Self {
            message: message.into(),
            detail: None,
        }
    }
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

/// How a body failed.
#[derive(Clone, Debug)]
pub(crate) enum StreamFailure {
    /// All bytes were sent, and the command failed: the trailer reports the error and the body ends normally.
    Trailer(Reason),
    /// Bytes are missing: the body is cut off so that no client takes it for complete. A trailer would end it
    /// normally for every client that does not look for errors there.
    Cut(Reason),
}

/// How a trailer can reach the client.
#[derive(Clone, Debug)]
pub(crate) enum Trailers {
    /// As a frame: HTTP/2, in process, or a client that said `TE: trailers`.
    Frame,
    /// Written by the connection.
    Slot(Slot),
    /// As a frame at the end of every response: the client considers no response complete without it. See
    /// [`STREAM_END`].
    Agreed,
}

impl Trailers {
    /// How a trailer can reach whoever sent this request.
    pub(crate) fn of(headers: &HeaderMap, extensions: &Extensions) -> Self {
        // hyper sends trailers over HTTP/1 only for this value.
        let wanted = headers
            .get(header::TE)
            .is_some_and(|te| te.as_bytes().eq_ignore_ascii_case(b"trailers"));
        let agreed = wanted
            && headers
                .get(STREAM_END)
                .is_some_and(|how| how == STREAM_END_TRAILER);
        match extensions.get::<Slot>() {
            _ if agreed => Self::Agreed,
            Some(slot) if !wanted => Self::Slot(slot.clone()),
            _ => Self::Frame,
        }
    }

    /// Whether the client understands more than Kubo sends.
    pub(crate) fn are_agreed(&self) -> bool {
        matches!(self, Self::Agreed)
    }

    /// Confirms the agreement to the client.
    pub(crate) fn announce(&self, headers: &mut HeaderMap) {
        if matches!(self, Self::Agreed) {
            headers.insert(STREAM_END, HeaderValue::from_static(STREAM_END_TRAILER));
            // hyper sends no trailer over HTTP/1 that is not declared.
            let both = HeaderValue::from_static("X-Stream-Error, X-Error-Detail");
            headers.insert(header::TRAILER, both);
        }
    }
}

/// A body that is a stream.
pub(crate) struct StreamBody {
    stream: Option<BoxStream<'static, Result<Bytes, StreamFailure>>>,
    trailers: Trailers,
    /// Whether a complete body ends with an empty trailer.
    always: bool,
    /// Why it is cut off, once it is.
    cut: Option<String>,
}

impl StreamBody {
    pub(crate) fn new(
        stream: BoxStream<'static, Result<Bytes, StreamFailure>>,
        trailers: Trailers,
    ) -> Self {
        Self {
            stream: Some(stream),
            trailers,
            always: false,
            cut: None,
        }
    }

    /// Ends with an empty trailer when it is complete.
    pub(crate) fn with_empty_trailer(self) -> Self {
        Self {
            always: true,
            ..self
        }
    }
}

/// A body whose bytes are all in memory. It has no length, like a stream: both are sent in chunks.
pub(crate) struct FullBody(Option<Bytes>);

impl FullBody {
    /// A body of these bytes, which must not be empty.
    pub(crate) fn new(bytes: Bytes) -> Self {
        Self(Some(bytes))
    }
}

impl Body for FullBody {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        Poll::Ready(self.0.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_none()
    }
}

/// The body was cut off; its cause was logged where it arose.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Interrupted(String);

fn trailer(message: &str) -> HeaderMap {
    let value = HeaderValue::from_str(&printable(message))
        .unwrap_or_else(|_| HeaderValue::from_static("error"));
    HeaderMap::from_iter([(HeaderName::from_static("x-stream-error"), value)])
}

/// The trailers of a failure for a client that understands both.
fn detailed(reason: &Reason) -> HeaderMap {
    let mut trailers = trailer(&reason.message);
    let detail = reason.detail.as_deref().and_then(|detail| {
        let detail = detail.get(..detail.floor_char_boundary(DETAIL_LIMIT))?;
        let encoded =
            percent_encoding::utf8_percent_encode(detail, percent_encoding::NON_ALPHANUMERIC);
        HeaderValue::from_str(&encoded.to_string()).ok()
    });
    if let Some(detail) = detail {
        trailers.insert(HeaderName::from_static(ERROR_DETAIL), detail);
    }
    trailers
}

impl Body for StreamBody {
    type Data = Bytes;
    type Error = Interrupted;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Interrupted>>> {
        let Some(stream) = &mut self.stream else {
            return Poll::Ready(self.cut.take().map(|message| Err(Interrupted(message))));
        };
        let ending = match stream.as_mut().poll_next(cx) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Some(Ok(data))) => return Poll::Ready(Some(Ok(Frame::data(data)))),
            Poll::Ready(None) => {
                self.stream = None;
                return match &self.trailers {
                    Trailers::Agreed => Poll::Ready(Some(Ok(Frame::trailers(trailer(""))))),
                    Trailers::Frame if self.always => {
                        Poll::Ready(Some(Ok(Frame::trailers(trailer("")))))
                    }
                    Trailers::Slot(slot) if self.always => {
                        slot.leave(STREAM_ERROR, "");
                        Poll::Ready(None)
                    }
                    Trailers::Frame | Trailers::Slot(_) => Poll::Ready(None),
                };
            }
            Poll::Ready(Some(Err(ending))) => ending,
        };
        self.stream = None;
        match (ending, &self.trailers) {
            (StreamFailure::Trailer(reason), Trailers::Frame) => {
                Poll::Ready(Some(Ok(Frame::trailers(trailer(&reason.message)))))
            }
            (StreamFailure::Trailer(reason) | StreamFailure::Cut(reason), Trailers::Agreed) => {
                Poll::Ready(Some(Ok(Frame::trailers(detailed(&reason)))))
            }
            (StreamFailure::Trailer(reason), Trailers::Slot(slot)) => {
                slot.leave(STREAM_ERROR, &reason.message);
                Poll::Ready(None)
            }
            (StreamFailure::Cut(reason), Trailers::Frame | Trailers::Slot(_)) => {
                // hyper drops what it has not sent yet when a body fails. Returning `Pending` once lets it send that
                // first: the status, and the record with the error.
                self.cut = Some(reason.message);
                cx.waker().wake_by_ref();
                Poll::Pending
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trailers_go_the_way_that_reaches_the_client() {
        let choose = |headers: &[(&'static str, &str)], slot: bool| {
            let headers: HeaderMap = headers
                .iter()
                .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()))
                .collect();
            let mut extensions = Extensions::new();
            if slot {
                extensions.insert(Slot::default());
            }
            match Trailers::of(&headers, &extensions) {
                Trailers::Frame => "frame",
                Trailers::Slot(_) => "slot",
                Trailers::Agreed => "agreed",
            }
        };
        let te = ("te", "trailers");
        let end = (STREAM_END, STREAM_END_TRAILER);
        assert_eq!(choose(&[], true), "slot");
        assert_eq!(choose(&[], false), "frame");
        assert_eq!(choose(&[te], true), "frame");
        assert_eq!(choose(&[("te", "Trailers")], true), "frame");
        // hyper sends no trailers then.
        assert_eq!(choose(&[("te", "trailers, deflate")], true), "slot");
        assert_eq!(choose(&[te, end], true), "agreed");
        assert_eq!(choose(&[te, end], false), "agreed");
        assert_eq!(choose(&[end], true), "slot");
        assert_eq!(choose(&[te, (STREAM_END, "other")], true), "frame");
    }
}
