//! Uploads that come through a proxy are read to their end before their response starts.
//!
//! Once a response has started, nginx passes on no more of the request's body as soon as its connection to the server is
//! full for a moment: the upload hangs. So the response to a request that a proxy has sent is held while its body is
//! being read. Work in the response's body goes on meanwhile.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::response::Response;
use http::{HeaderName, Request, Version, header};
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::BodyExt as _;
use tokio::sync::oneshot;

use crate::trailer::Slot;

/// Maximum number of bytes of a response that are held: some 100,000 records. Beyond it the response starts, as it
/// does to clients without a proxy.
const MOST_HELD: usize = 16 << 20;

/// Fields that proxies add to requests.
const FORWARDED: [HeaderName; 5] = [
    header::FORWARDED,
    header::VIA,
    HeaderName::from_static("x-forwarded-for"),
    HeaderName::from_static("x-forwarded-proto"),
    HeaderName::from_static("x-real-ip"),
];

/// Whether a proxy has sent the request. HTTP/1.0 is what nginx speaks unless it is told otherwise.
fn is_forwarded<B>(request: &Request<B>) -> bool {
    let headers = request.headers();
    request.version() < Version::HTTP_11 || FORWARDED.iter().any(|name| headers.contains_key(name))
}

/// Holds the response to a request.
#[derive(Debug)]
pub(super) struct Hold {
    /// Ends when the body of the request is read no more.
    read: oneshot::Receiver<()>,
    /// Where the response leaves its trailer, and from where the connection takes it.
    inner: Slot,
    slot: Slot,
}

impl Hold {
    /// A hold for the request, where a proxy has sent it and it has a body, and what is to be dropped when that is read no
    /// more. `slot` is that of the connection.
    pub(super) fn new<B: http_body::Body>(
        request: &Request<B>,
        slot: &Slot,
    ) -> Option<(Self, oneshot::Sender<()>)> {
        if request.body().is_end_stream() || !is_forwarded(request) {
            return None;
        }
        let (reader, read) = oneshot::channel();
        let hold = Self {
            read,
            inner: Slot::default(),
            slot: slot.clone(),
        };
        Some((hold, reader))
    }

    /// Where the response leaves its trailer.
    pub(super) fn trailer_slot(&self) -> &Slot {
        &self.inner
    }

    /// The response, once the body of the request has been read, or is read no more.
    pub(super) async fn release(mut self, response: impl Future<Output = Response>) -> Response {
        let (head, mut body) = response.await.into_parts();
        let length = body.size_hint().exact();
        let mut frames = VecDeque::new();
        let mut size = 0;
        let rest = loop {
            if size >= MOST_HELD {
                break Rest::Body(body);
            }
            let frame = tokio::select! {
                biased;
                _ = &mut self.read => break Rest::Body(body),
                frame = body.frame() => frame,
            };
            match frame {
                Some(Ok(frame)) => {
                    size += frame.data_ref().map_or(0, Bytes::len);
                    frames.push_back(frame);
                }
                Some(Err(error)) => break Rest::Failed(error),
                None => break Rest::Nothing,
            }
        };
        let held = Held {
            frames,
            paused: false,
            rest,
            length,
            inner: self.inner,
            slot: self.slot,
        };
        Response::from_parts(head, Body::new(held))
    }
}

/// What follows the frames that were held.
enum Rest {
    Body(Body),
    Failed(axum::Error),
    Nothing,
}

/// The body of a response that was held.
struct Held {
    frames: VecDeque<Frame<Bytes>>,
    /// Whether hyper had time to send the frames.
    paused: bool,
    rest: Rest,
    /// How many bytes are left, where it is known.
    length: Option<u64>,
    inner: Slot,
    slot: Slot,
}

impl Held {
    fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if let Some(frame) = self.frames.pop_front() {
            return Poll::Ready(Some(Ok(frame)));
        }
        if !std::mem::replace(&mut self.paused, true) {
            // hyper drops what it has not sent when a body fails, and sends it while one is pending. See `StreamBody`.
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        match std::mem::replace(&mut self.rest, Rest::Nothing) {
            Rest::Body(mut body) => {
                let polled = Pin::new(&mut body).poll_frame(cx);
                if !matches!(polled, Poll::Ready(None)) {
                    self.rest = Rest::Body(body);
                }
                polled
            }
            Rest::Failed(error) => Poll::Ready(Some(Err(error))),
            Rest::Nothing => Poll::Ready(None),
        }
    }
}

impl http_body::Body for Held {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = &mut *self;
        let frame = std::task::ready!(this.poll_next(cx));
        match &frame {
            Some(Ok(frame)) => {
                let size = frame.data_ref().map_or(0, Bytes::len) as u64;
                this.length = this.length.map(|length| length.saturating_sub(size));
            }
            Some(Err(_)) => {}
            // Only now: the connection writes a trailer with the last bytes of a response.
            None => this.inner.move_to(&this.slot),
        }
        Poll::Ready(frame)
    }

    /// That of the whole response: one that was a stream stays one, and can have a trailer.
    fn size_hint(&self) -> SizeHint {
        self.length
            .map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
