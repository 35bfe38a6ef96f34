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

/// A body that is read as it comes, in either direction.
pub type Body = UnsyncBoxBody<Bytes, BoxError>;

/// A way to a server.
///
/// The request's URI holds path and query alone. Both bodies stream: the answer may begin before the request's body has
/// ended. Dropping the future, or the answer's body, gives the request up.
pub trait Transport: Send + Sync + 'static {
    /// Sends a request and gives the head of the answer.
    fn send(&self, request: Request<Body>)
    -> BoxFuture<'_, Result<Response<Body>, TransportError>>;

    /// Closes connections that no request uses. The next request opens one again.
    fn close(&self) {}
}

/// A body of nothing.
#[must_use]
pub fn empty() -> Body {
    http_body_util::Empty::new()
        .map_err(|never| match never {})
        .boxed_unsync()
}
