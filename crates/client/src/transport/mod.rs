//! How requests reach a server.

mod http;
mod in_process;
#[cfg(feature = "tls")]
mod pinned;
#[cfg(feature = "tls")]
mod tls;
#[cfg(feature = "tls")]
mod validity;

use ::http::{Request, Response};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http_body_util::BodyExt as _;
use http_body_util::combinators::UnsyncBoxBody;

pub use self::http::{Http, HttpOptions};
pub use self::in_process::InProcess;
#[cfg(feature = "tls")]
pub use self::tls::Roots;
use crate::error::TransportError;

/// Any error of a body.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A body that is read as it arrives, in either direction.
pub type Body = UnsyncBoxBody<Bytes, BoxError>;

/// A transport to a server.
///
/// The request's URI only has path and query. Both bodies are streams: the response may start before the request's
/// body has ended. Dropping the future, or the response's body, cancels the request.
pub trait Transport: Send + Sync + 'static {
    /// Sends a request and returns the head of the response.
    fn send(&self, request: Request<Body>)
    -> BoxFuture<'_, Result<Response<Body>, TransportError>>;

    /// Closes connections that no request uses. The next request opens one again.
    fn close(&self) {}
}

/// An empty body.
#[must_use]
pub fn empty() -> Body {
    http_body_util::Empty::new()
        .map_err(|never| match never {})
        .boxed_unsync()
}
