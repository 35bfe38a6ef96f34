//! The host of a request: HTTP/1.1 requires exactly one.
//!
//! Spec: RFC 9112 §3.2. The responses are those of Go's server, which Kubo uses.

use axum::body::Body;
use axum::response::Response;
use http::{HeaderValue, Method, Request, StatusCode, Version, header};

/// The error response to a request without a host, with several, or with an invalid one.
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

/// Whether every byte is valid in a host, a port or an address.
fn is_host(host: &[u8]) -> bool {
    host.iter()
        .all(|byte| byte.is_ascii_alphanumeric() || b"!$%&'()*+,-.:;=[]_~".contains(byte))
}
