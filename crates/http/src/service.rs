//! The service of a face: a plain function instead of a stack of boxed layers, which would cost a small request more
//! than its response.

use std::future::Future;
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tower::ServiceExt as _;

/// Answers requests. Cheap to clone.
#[derive(Clone)]
pub struct Service(Arc<dyn Fn(Request) -> BoxFuture<'static, Response> + Send + Sync>);

impl Service {
    /// A service that calls this function.
    pub fn new<F>(answer: impl Fn(Request) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Response> + Send + 'static,
    {
        Self(Arc::new(move |request| answer(request).boxed()))
    }

    /// Answers a request.
    pub fn call(&self, request: Request) -> BoxFuture<'static, Response> {
        (self.0)(request)
    }
}

impl From<Router> for Service {
    fn from(router: Router) -> Self {
        Self::new(move |request| {
            router
                .clone()
                .oneshot(request)
                .map(|answer| answer.unwrap_or_else(|never| match never {}))
        })
    }
}

impl std::fmt::Debug for Service {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Service")
    }
}
