//! Requests of pages of other origins, by the API's [`Cors`].

use axum::response::Response;
use cairn_wire::rest::{AllowedHeaders, AllowedOrigin, Api, Cors};
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};

use super::reply::empty;

/// The status of preflights.
const NO_CONTENT: u16 = 204;

/// Answers a preflight, which needs no credential; `None` if the request is none.
pub(super) fn preflight<A: Api>(method: &Method, asked: &HeaderMap) -> Option<Response> {
    let cors = A::CORS?;
    let is_preflight = method == Method::OPTIONS
        && asked.contains_key(header::ORIGIN)
        && asked.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    if !is_preflight {
        return None;
    }
    let mut response = empty(NO_CONTENT);
    let headers = response.headers_mut();
    allow_origin(&cors, asked.get(header::ORIGIN), headers);
    insert(
        headers,
        header::ACCESS_CONTROL_ALLOW_METHODS,
        &cors.methods.join(", "),
    );
    match cors.headers {
        AllowedHeaders::These([]) => {}
        AllowedHeaders::These(names) => insert(
            headers,
            header::ACCESS_CONTROL_ALLOW_HEADERS,
            &names.join(", "),
        ),
        AllowedHeaders::Echoed => {
            if let Some(names) = asked.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
                headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, names.clone());
            }
            vary(headers, "Access-Control-Request-Headers");
        }
    }
    if let Some(seconds) = cors.max_age {
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, seconds.into());
    }
    Some(response)
}

/// Allows the page that asked to read the response.
pub(super) fn allow<A: Api>(origin: Option<&HeaderValue>, headers: &mut HeaderMap) {
    let Some(cors) = A::CORS else { return };
    allow_origin(&cors, origin, headers);
    if origin.is_some() && !cors.exposed.is_empty() {
        insert(
            headers,
            header::ACCESS_CONTROL_EXPOSE_HEADERS,
            &cors.exposed.join(", "),
        );
    }
}

fn allow_origin(cors: &Cors, origin: Option<&HeaderValue>, headers: &mut HeaderMap) {
    if cors.origin == AllowedOrigin::Echoed {
        vary(headers, "Origin");
    }
    let Some(origin) = origin else { return };
    let allowed = match cors.origin {
        AllowedOrigin::Any => HeaderValue::from_static("*"),
        AllowedOrigin::Echoed => origin.clone(),
    };
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
}

fn vary(headers: &mut HeaderMap, name: &'static str) {
    headers.append(header::VARY, HeaderValue::from_static(name));
}

/// The value is made of declared names.
fn insert(headers: &mut HeaderMap, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}
