//! The name that a request is for: HTTP/1.1 names exactly one.
//!
//! Spec: RFC 9112 §3.2. The answers are those of Go's server, which Kubo runs on.

use axum::body::Body;
use axum::response::Response;
use http::{HeaderValue, Method, Request, StatusCode, Version, header};

/// The refusal of a request that names no host, several, or none that can be one.
pub(super) fn refused<B>(request: &Request<B>) -> Option<Response> {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let why = match (hosts.next(), hosts.next()) {
        (Some(_), Some(_)) => "too many Host headers",
        (Some(host), None) if !is_host(host.as_bytes()) => "malformed Host header",
        (Some(_), None) => return None,
        (None, _)
            if request.version() != Version::HTTP_11 || request.method() == Method::CONNECT =>
        {
            return None;
        }
        (None, _) => "missing required Host header",
    };
    let mut response = Response::new(Body::from(format!("400 Bad Request: {why}")));
    *response.status_mut() = StatusCode::BAD_REQUEST;
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    if request.version() < Version::HTTP_2 {
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    Some(response)
}

/// Whether every byte is one that a host, a port or an address can have.
fn is_host(host: &[u8]) -> bool {
    host.iter()
        .all(|byte| byte.is_ascii_alphanumeric() || b"!$%&'()*+,-.:;=[]_~".contains(byte))
}
