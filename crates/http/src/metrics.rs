//! Metrics of the faces: requests by endpoint and status class, durations, bytes and connections.
//!
//! Endpoints are named by their declarations, never by what a client sent; everything else counts as `other`.
//!
//! Also writes the access log, at the level `debug` of `cairn_http::access`: method, path, status, time and bytes.
//! Queries and headers are left out, as they may hold secrets.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Instant;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::response::Response;
use cairn_node::Metrics;
use foldhash::fast::FixedState;
use http::StatusCode;
use http_body::{Frame, SizeHint};
use parking_lot::RwLock;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;

use crate::Service;

type FaceLabels = [(&'static str, &'static str); 1];
type EndpointLabels = [(&'static str, &'static str); 2];
type OutcomeLabels = [(&'static str, &'static str); 3];

/// Upper bounds of the duration buckets, in seconds.
const SECONDS: [f64; 7] = [0.001, 0.01, 0.1, 1.0, 10.0, 60.0, 600.0];

/// The endpoint that answered, as an extension of its response.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EndpointName(pub(crate) &'static str);

/// The counters of all faces.
#[derive(Clone, Debug)]
pub struct HttpMetrics {
    requests: Family<OutcomeLabels, Counter>,
    seconds: Family<EndpointLabels, Histogram, fn() -> Histogram>,
    running: Family<FaceLabels, Gauge>,
    connections: Family<FaceLabels, Gauge>,
    received: Family<FaceLabels, Counter>,
    sent: Family<FaceLabels, Counter>,
}

impl HttpMetrics {
    /// Registers them with a node's metrics; call once per node.
    #[must_use]
    pub fn register(metrics: &Metrics) -> Self {
        Self {
            requests: metrics.register(
                "cairn_http_requests",
                "Requests that were answered, by face, endpoint and class of status",
                Family::default(),
            ),
            seconds: metrics.register(
                "cairn_http_request_seconds",
                "Time from a request's head to the end of its answer",
                Family::new_with_constructor(|| Histogram::new(SECONDS)),
            ),
            running: metrics.register(
                "cairn_http_running_requests",
                "Requests that are being answered",
                Family::default(),
            ),
            connections: metrics.register(
                "cairn_http_connections",
                "Open connections",
                Family::default(),
            ),
            received: metrics.register(
                "cairn_http_received_bytes",
                "Bytes received on connections",
                Family::default(),
            ),
            sent: metrics.register(
                "cairn_http_sent_bytes",
                "Bytes sent on connections",
                Family::default(),
            ),
        }
    }

    /// Counts the requests of a face.
    #[must_use]
    pub fn measure(&self, name: &'static str, face: Service) -> Service {
        let metrics = Arc::new(FaceMetrics {
            running: self.running.get_or_create_owned(&[("face", name)]),
            metrics: self.clone(),
            face: name,
            outcomes: RwLock::default(),
        });
        Service::new(move |request: Request| {
            let mut running = ActiveRequest::start(&metrics);
            let request = match AccessRecord::begin(&request) {
                Some(access) => {
                    let received = Arc::clone(&access.received);
                    running.access = Some(access);
                    request.map(|inner| Body::new(CountedBody { inner, received }))
                }
                None => request,
            };
            let answer = face.call(request);
            async move { running.answered(answer.await) }
        })
    }

    /// The connection counters of a face.
    #[must_use]
    pub fn connections(&self, name: &'static str) -> ConnectionMetrics {
        let face = [("face", name)];
        ConnectionMetrics {
            open: self.connections.get_or_create_owned(&face),
            received: self.received.get_or_create_owned(&face),
            sent: self.sent.get_or_create_owned(&face),
        }
    }
}

/// The connection counters of one face.
#[derive(Clone, Debug, Default)]
pub struct ConnectionMetrics {
    open: Gauge,
    received: Counter,
    sent: Counter,
}

impl ConnectionMetrics {
    /// Counts a connection until the guard is dropped.
    pub(crate) fn opened(&self) -> OpenConnection {
        self.open.inc();
        OpenConnection(self.clone())
    }
}

/// A connection that is counted as open.
#[derive(Debug)]
pub(crate) struct OpenConnection(ConnectionMetrics);

impl OpenConnection {
    pub(crate) fn received(&self, bytes: usize) {
        self.0.received.inc_by(bytes as u64);
    }

    pub(crate) fn sent(&self, bytes: usize) {
        self.0.sent.inc_by(bytes as u64);
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.open.dec();
    }
}

/// The counters of one face. The ones that a request needs are looked up once, because a lookup in a family hashes
/// all labels.
struct FaceMetrics {
    metrics: HttpMetrics,
    face: &'static str,
    running: Gauge,
    /// By endpoint and class of status.
    outcomes: RwLock<HashMap<(&'static str, &'static str), OutcomeMetrics, FixedState>>,
}

/// The counters of the requests of one endpoint with one status class.
#[derive(Clone)]
struct OutcomeMetrics {
    requests: Counter,
    seconds: Histogram,
}

impl FaceMetrics {
    fn ended(&self, endpoint: &'static str, class: &'static str, seconds: f64) {
        let count = |outcome: &OutcomeMetrics| {
            outcome.requests.inc();
            outcome.seconds.observe(seconds);
        };
        if let Some(outcome) = self.outcomes.read().get(&(endpoint, class)) {
            return count(outcome);
        }
        let labels = [("face", self.face), ("endpoint", endpoint)];
        let [face, name] = labels;
        let outcome = OutcomeMetrics {
            requests: (self.metrics.requests).get_or_create_owned(&[face, name, ("class", class)]),
            seconds: self.metrics.seconds.get_or_create_owned(&labels),
        };
        count(&outcome);
        self.outcomes.write().insert((endpoint, class), outcome);
    }
}

/// An active request, counted as ended when dropped.
struct ActiveRequest {
    face: Arc<FaceMetrics>,
    started: Instant,
    endpoint: &'static str,
    class: &'static str,
    access: Option<AccessRecord>,
}

/// The access log record of a request, while the log is enabled.
struct AccessRecord {
    method: http::Method,
    path: String,
    /// Absent when the client left before an answer.
    status: Option<StatusCode>,
    received: Arc<AtomicU64>,
    sent: u64,
}

impl AccessRecord {
    fn begin(request: &Request) -> Option<Self> {
        tracing::enabled!(target: "cairn_http::access", tracing::Level::DEBUG).then(|| Self {
            method: request.method().clone(),
            path: request.uri().path().to_owned(),
            status: None,
            received: Arc::default(),
            sent: 0,
        })
    }
}

impl ActiveRequest {
    fn start(face: &Arc<FaceMetrics>) -> Self {
        face.running.inc();
        Self {
            face: Arc::clone(face),
            started: Instant::now(),
            endpoint: "other",
            // Without a response, the client has left.
            class: "none",
            access: None,
        }
    }

    fn answered(mut self, response: Response) -> Response {
        self.class = class(response.status());
        if let Some(access) = &mut self.access {
            access.status = Some(response.status());
        }
        if let Some(EndpointName(name)) = response.extensions().get() {
            self.endpoint = name;
        }
        response.map(|inner| {
            Body::new(ResponseBody {
                inner,
                running: self,
            })
        })
    }
}

impl Drop for ActiveRequest {
    fn drop(&mut self) {
        let seconds = self.started.elapsed().as_secs_f64();
        self.face.running.dec();
        self.face.ended(self.endpoint, self.class, seconds);
        if let Some(access) = &self.access {
            tracing::debug!(
                target: "cairn_http::access",
                face = self.face.face,
                method = %access.method,
                path = access.path,
                status = access.status.map_or(0, |status| status.as_u16()),
                ms = seconds * 1000.0,
                bytes_in = access.received.load(Ordering::Relaxed),
                bytes_out = access.sent,
                "request"
            );
        }
    }
}

fn class(status: StatusCode) -> &'static str {
    match status.as_u16() / 100 {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    }
}

/// A response body, whose end is the end of its request.
struct ResponseBody {
    inner: Body,
    running: ActiveRequest,
}

impl http_body::Body for ResponseBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.inner).poll_frame(cx);
        if let Some(access) = &mut self.running.access {
            access.sent += data_of(&polled);
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// A request body that counts its bytes.
struct CountedBody {
    inner: Body,
    received: Arc<AtomicU64>,
}

impl http_body::Body for CountedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let polled = Pin::new(&mut self.inner).poll_frame(cx);
        self.received.fetch_add(data_of(&polled), Ordering::Relaxed);
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// The bytes of data in a frame.
fn data_of(polled: &Poll<Option<Result<Frame<Bytes>, axum::Error>>>) -> u64 {
    match polled {
        Poll::Ready(Some(Ok(frame))) => frame.data_ref().map_or(0, |data| data.len() as u64),
        _ => 0,
    }
}
