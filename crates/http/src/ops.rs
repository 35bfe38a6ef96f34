//! Endpoints for operators: `/livez`, `/readyz`, and metrics for Prometheus at `/metrics` and at Kubo's
//! `/debug/metrics/prometheus`.

use std::sync::Arc;

use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use cairn_node::{MetricsForm, Node};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use tokio_util::sync::CancellationToken;

/// An endpoint for operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OpsEndpoint {
    /// `/livez`: whether the process answers.
    Alive,
    /// `/readyz`: whether requests may be sent to the node.
    Ready,
    /// The metrics of the node.
    Metrics,
}

impl OpsEndpoint {
    /// The endpoint of a path.
    pub(crate) fn of(path: &str) -> Option<Self> {
        match path {
            "/livez" => Some(Self::Alive),
            "/readyz" => Some(Self::Ready),
            "/metrics" | "/debug/metrics/prometheus" => Some(Self::Metrics),
            _ => None,
        }
    }

    /// Its name in the metrics.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Alive => "livez",
            Self::Ready => "readyz",
            Self::Metrics => "metrics",
        }
    }

    /// Whether it needs a credential where the face does. The probes do not: probers have no credential.
    pub(crate) fn is_private(self) -> bool {
        self == Self::Metrics
    }

    /// The response. `stop` is cancelled when the process is about to end.
    pub(crate) async fn answer(
        self,
        node: &Arc<Node>,
        stop: &CancellationToken,
        method: &Method,
        headers: &HeaderMap,
    ) -> Response {
        if !matches!(*method, Method::GET | Method::HEAD) {
            let allow = [(header::ALLOW, HeaderValue::from_static("GET, HEAD"))];
            return (StatusCode::METHOD_NOT_ALLOWED, allow).into_response();
        }
        let mut response = match self {
            Self::Alive => "ok\n".into_response(),
            Self::Ready => ready(node, stop).await,
            Self::Metrics => metrics(node, headers).await,
        };
        response
            .headers_mut()
            .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if *method == Method::HEAD {
            *response.body_mut() = Body::empty();
        }
        response
    }
}

async fn ready(node: &Arc<Node>, stop: &CancellationToken) -> Response {
    let not = |why: &'static str| (StatusCode::SERVICE_UNAVAILABLE, why).into_response();
    let store = Arc::clone(node);
    // May read files.
    let stat = tokio::task::spawn_blocking(move || store.store().stat()).await;
    // Checked last, so that nothing is awaited between this and the response.
    if stop.is_cancelled() || node.stopping().is_cancelled() {
        return not("stopping\n");
    }
    match stat {
        Ok(Ok(_)) => "ok\n".into_response(),
        _ => not("the block store does not answer\n"),
    }
}

async fn metrics(node: &Arc<Node>, headers: &HeaderMap) -> Response {
    let open = headers
        .get(header::ACCEPT)
        .and_then(|accept| accept.to_str().ok())
        .is_some_and(|accept| accept.contains("application/openmetrics-text"));
    let form = if open {
        MetricsForm::OpenMetrics
    } else {
        MetricsForm::Prometheus
    };
    let counted = Arc::clone(node);
    let text = tokio::task::spawn_blocking(move || {
        let stat = counted.store().stat().ok();
        counted.metrics().text(stat.as_ref(), form)
    });
    match text.await {
        Ok(text) => {
            let media_type = HeaderValue::from_static(form.media_type());
            ([(header::CONTENT_TYPE, media_type)], text).into_response()
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
