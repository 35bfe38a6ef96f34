//! What all responses have in common: CORS, redirects, and headers as IPFS Cluster sends them.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use cairn_services::cluster::Cluster;
use cairn_wire::cluster::Failure;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};

use super::error::plain;
use super::{auth, peers};
use crate::Service;

/// The headers that pages of other origins may read.
const EXPOSED: &str = "Content-Type, X-Stream-Output, X-Chunked-Output, X-Content-Length";

/// What the response of a preflight depends on.
const PREFLIGHT_VARY: &str =
    "Origin, Access-Control-Request-Method, Access-Control-Request-Headers";

/// The only method that pages of other origins may use, as by default in IPFS Cluster.
const CORS_METHOD: Method = Method::GET;

/// What is needed of a request after it was answered.
struct Asked {
    method: Method,
    path: String,
    query: Option<String>,
    origin: bool,
}

/// Answers a request; one of another peer by `others`.
pub(super) async fn answer(
    cluster: Arc<Cluster>,
    router: Service,
    others: Service,
    mut request: Request,
) -> Response {
    if request.uri().path().starts_with(peers::PREFIX) {
        return others.call(request).await;
    }
    if let Some(answer) = preflight(request.method(), request.headers()) {
        return answer;
    }
    let asked = Asked {
        method: request.method().clone(),
        path: request.uri().path().to_owned(),
        query: request.uri().query().map(str::to_owned),
        origin: request.headers().contains_key(header::ORIGIN),
    };
    if asked.path != "/health"
        && let Err(refused) = auth::authenticate(&cluster, &mut request).await
    {
        return refused;
    }
    finish(&asked, router.call(request).await)
}

fn preflight(method: &Method, headers: &HeaderMap) -> Option<Response> {
    let wanted = headers.get(header::ACCESS_CONTROL_REQUEST_METHOD)?;
    if *method != Method::OPTIONS || !headers.contains_key(header::ORIGIN) {
        return None;
    }
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let out = response.headers_mut();
    out.insert(header::VARY, HeaderValue::from_static(PREFLIGHT_VARY));
    if *wanted == *CORS_METHOD.as_str() {
        allow(out);
        out.insert(
            header::ACCESS_CONTROL_ALLOW_METHODS,
            HeaderValue::from_static("GET"),
        );
    }
    Some(response)
}

fn allow(headers: &mut HeaderMap) {
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_ORIGIN,
        HeaderValue::from_static("*"),
    );
    headers.insert(
        header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
        HeaderValue::from_static("true"),
    );
}

fn finish(asked: &Asked, response: Response) -> Response {
    let is_add = asked.path == "/add";
    let mut response = match response.status() {
        StatusCode::TEMPORARY_REDIRECT => redirect(asked),
        // The reference knows only one method of this path, and no path of that name for others.
        StatusCode::METHOD_NOT_ALLOWED if is_add => plain(404, &Failure::new(404, "not found")),
        StatusCode::METHOD_NOT_ALLOWED => {
            let mut empty = Response::new(Body::empty());
            *empty.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
            empty
        }
        _ => response,
    };
    let status = response.status();
    let headers = response.headers_mut();
    headers.insert(header::VARY, HeaderValue::from_static("Origin"));
    let lines = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|kind| kind == "application/x-ndjson");
    if lines || status == StatusCode::NO_CONTENT {
        let json = HeaderValue::from_static("application/json");
        headers.insert(header::CONTENT_TYPE, json);
    }
    if is_add && matches!(status.as_u16(), 200 | 500) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        if status != StatusCode::OK {
            // The rest of the upload is not read.
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        if headers.contains_key(header::TRAILER) {
            let name = HeaderName::from_static("x-chunked-output");
            headers.insert(name, HeaderValue::from_static("1"));
        }
    }
    if asked.origin && asked.method == CORS_METHOD {
        allow(headers);
        headers.insert(
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            HeaderValue::from_static(EXPOSED),
        );
    }
    response
}

/// Redirects to the path without its trailing slash.
fn redirect(asked: &Asked) -> Response {
    let query = asked.query.as_ref().map(|query| format!("?{query}"));
    let path = asked.path.trim_end_matches('/');
    // A path that begins with two slashes would lead to another host.
    let path = format!("/{}", path.trim_start_matches('/'));
    let place = format!("{path}{}", query.unwrap_or_default());
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::TEMPORARY_REDIRECT;
    if asked.method == Method::GET {
        let escaped = place
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace('"', "&#34;");
        *response.body_mut() =
            Body::from(format!("<a href=\"{escaped}\">Temporary Redirect</a>.\n\n"));
        let html = HeaderValue::from_static("text/html; charset=utf-8");
        response.headers_mut().insert(header::CONTENT_TYPE, html);
    }
    if let Ok(place) = HeaderValue::from_str(&place) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    response
}
