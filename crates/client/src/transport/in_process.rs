//! Requests to a router in the same process.

use bytes::Bytes;
use futures_util::future::{BoxFuture, FutureExt as _};
use http::{HeaderValue, Request, Response, header};
use http_body_util::BodyExt as _;
use tower::{Service, ServiceExt as _};

use super::{Body, BoxError, Transport};
use crate::error::TransportError;

/// Calls a service instead of sending requests: a router, or a mock in a test.
#[derive(Clone, Debug)]
pub struct InProcess<S> {
    service: S,
}

impl<S> InProcess<S> {
    /// Calls this service.
    pub fn new(service: S) -> Self {
        Self { service }
    }
}

impl<S, B> Transport for InProcess<S>
where
    S: Service<Request<Body>, Response = Response<B>> + Clone + Send + Sync + 'static,
    S::Future: Send,
    S::Error: Into<BoxError> + Send,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    fn send(
        &self,
        mut request: Request<Body>,
    ) -> BoxFuture<'_, Result<Response<Body>, TransportError>> {
        request
            .headers_mut()
            .entry(header::HOST)
            .or_insert(HeaderValue::from_static("localhost"));
        let answered = self.service.clone().oneshot(request);
        Box::pin(answered.map(|answer| match answer {
            Ok(response) => Ok(response.map(|body| body.map_err(Into::into).boxed_unsync())),
            Err(error) => Err(TransportError::Broken(error.into())),
        }))
    }
}
