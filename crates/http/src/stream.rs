//! Bodies of answers: streams that end well, end with a trailer, or break off.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::stream::BoxStream;
use http::{HeaderMap, HeaderName, HeaderValue};
use http_body::{Body, Frame};

use crate::trailer::{Slot, printable};

/// The trailer that carries an error after the first byte.
pub(crate) const STREAM_ERROR: &str = "X-Stream-Error";

/// Why a body did not end well.
#[derive(Clone, Debug)]
pub(crate) enum Ending {
    /// The bytes are all there and this is how it went: the trailer says so, and the body ends as a whole one.
    Told(String),
    /// The bytes are not all there: the body breaks off, so that no client takes it for a whole one. A trailer would end it
    /// as a whole one, for every client that does not look for errors there.
    Cut(String),
}

/// How a trailer can reach the client.
#[derive(Clone, Debug)]
pub(crate) enum Trailers {
    /// As a frame: HTTP/2, in process, or a client that said `TE: trailers`.
    Frame,
    /// Through the connection.
    Slot(Slot),
    /// As a frame, which every answer has at its end: the client takes no answer for whole without it. See
    /// [`cairn_wire::kubo::STREAM_END`].
    Agreed,
}

/// A body made of a stream.
pub(crate) struct Streamed {
    stream: Option<BoxStream<'static, Result<Bytes, Ending>>>,
    trailers: Trailers,
    /// Why it breaks off, once it does.
    cut: Option<String>,
}

impl Streamed {
    pub(crate) fn new(
        stream: BoxStream<'static, Result<Bytes, Ending>>,
        trailers: Trailers,
    ) -> Self {
        Self {
            stream: Some(stream),
            trailers,
            cut: None,
        }
    }
}

/// A body whose bytes are all at hand. Its length is not told, as that of a stream is not: both are sent in chunks.
pub(crate) struct Whole(Option<Bytes>);

impl Whole {
    /// These bytes, of which there are some.
    pub(crate) fn new(bytes: Bytes) -> Self {
        Self(Some(bytes))
    }
}

impl Body for Whole {
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

/// The body broke off; its cause was logged where it arose.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct CutOff(String);

fn trailer(message: &str) -> HeaderMap {
    let value = HeaderValue::from_str(&printable(message))
        .unwrap_or_else(|_| HeaderValue::from_static("error"));
    HeaderMap::from_iter([(HeaderName::from_static("x-stream-error"), value)])
}

impl Body for Streamed {
    type Data = Bytes;
    type Error = CutOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, CutOff>>> {
        let Some(stream) = &mut self.stream else {
            return Poll::Ready(self.cut.take().map(|message| Err(CutOff(message))));
        };
        let ending = match stream.as_mut().poll_next(cx) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(Some(Ok(data))) => return Poll::Ready(Some(Ok(Frame::data(data)))),
            Poll::Ready(None) => {
                self.stream = None;
                return match self.trailers {
                    Trailers::Agreed => Poll::Ready(Some(Ok(Frame::trailers(trailer(""))))),
                    Trailers::Frame | Trailers::Slot(_) => Poll::Ready(None),
                };
            }
            Poll::Ready(Some(Err(ending))) => ending,
        };
        self.stream = None;
        match (ending, &self.trailers) {
            (Ending::Told(message), Trailers::Frame)
            | (Ending::Told(message) | Ending::Cut(message), Trailers::Agreed) => {
                Poll::Ready(Some(Ok(Frame::trailers(trailer(&message)))))
            }
            (Ending::Told(message), Trailers::Slot(slot)) => {
                slot.leave(STREAM_ERROR, &message);
                Poll::Ready(None)
            }
            (Ending::Cut(message), Trailers::Frame | Trailers::Slot(_)) => {
                // hyper drops what it has not sent when a body fails. A turn in which there is nothing lets it send that first:
                // the status, and the record that says why.
                self.cut = Some(message);
                cx.waker().wake_by_ref();
                Poll::Pending
            }
        }
    }
}
