//! Which pages may call the RPC.
//!
//! A browser sends along what page calls it. Pages of this machine that were served at the RPC's own port may call, and
//! those that `API.HTTPHeaders.Access-Control-Allow-Origin` names; all others are refused, as are browsers that hide it.

use axum::response::Response;
use cairn_node::Node;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::nothing;

/// IPFS Companion, the browser extension, and its preview; Kubo lets them call too.
const COMPANIONS: [&str; 2] = [
    "chrome-extension://nibjojkomfdiaoajekhjakgkdhaomnch",
    "chrome-extension://hjoieblefckbooibpepigmacodalfndh",
];

/// Who may call.
#[derive(Clone, Debug, Default)]
pub(crate) struct Policy {
    allowed: Vec<String>,
    any: bool,
}

impl Policy {
    pub(crate) fn from_config(node: &Node) -> Self {
        let config = node.config();
        let headers = config.api.http_headers.iter().flatten();
        let allowed: Vec<String> = headers
            .filter(|(name, _)| name.eq_ignore_ascii_case("Access-Control-Allow-Origin"))
            .flat_map(|(_, values)| values.iter().cloned())
            .collect();
        Self {
            any: allowed.iter().any(|origin| origin == "*"),
            allowed,
        }
    }

    /// Whether a request comes from where it may.
    pub(crate) fn allows(&self, headers: &HeaderMap) -> bool {
        let origin = text(headers, header::ORIGIN);
        let referer = text(headers, header::REFERER);
        let browser =
            text(headers, header::USER_AGENT).is_some_and(|agent| agent.starts_with("Mozilla"));
        match (origin, referer) {
            (Some(origin), referer) => {
                self.is_allowed(origin, headers)
                    && referer.is_none_or(|referer| self.is_allowed(origin_of(referer), headers))
            }
            (None, Some(referer)) => self.is_allowed(origin_of(referer), headers) && !browser,
            (None, None) => !browser,
        }
    }

    /// The origin to echo in the answer.
    pub(crate) fn echo(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let origin = headers.get(header::ORIGIN)?;
        self.is_allowed(origin.to_str().ok()?, headers)
            .then(|| origin.clone())
    }

    /// Answers `OPTIONS`.
    pub(crate) fn preflight(&self, headers: &HeaderMap) -> Response {
        let asked = headers.get(header::ACCESS_CONTROL_REQUEST_METHOD);
        let mut response = Response::new(nothing());
        *response.status_mut() = StatusCode::NO_CONTENT;
        let out = response.headers_mut();
        if asked.is_none() {
            out.insert(header::ALLOW, HeaderValue::from_static("OPTIONS, POST"));
            out.insert(header::VARY, HeaderValue::from_static("Origin"));
            return response;
        }
        out.insert(
            header::VARY,
            HeaderValue::from_static(
                "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
            ),
        );
        if let Some(origin) = self.echo(headers) {
            out.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
            out.insert(
                header::ACCESS_CONTROL_ALLOW_METHODS,
                HeaderValue::from_static("POST"),
            );
        }
        response
    }

    fn is_allowed(&self, origin: &str, headers: &HeaderMap) -> bool {
        self.any
            || COMPANIONS.contains(&origin)
            || self.allowed.iter().any(|allowed| allowed == origin)
            || is_own(origin, text(headers, header::HOST))
    }
}

/// Whether an origin is a page of this machine at the port that is being called.
fn is_own(origin: &str, host: Option<&str>) -> bool {
    let Some(place) = origin
        .strip_prefix("http://")
        .or_else(|| origin.strip_prefix("https://"))
    else {
        return false;
    };
    let Some((name, port)) = split_port(place) else {
        return false;
    };
    let Some((_, own_port)) = host.and_then(split_port) else {
        return false;
    };
    port == own_port && matches!(name, "localhost" | "127.0.0.1" | "[::1]")
}

fn split_port(place: &str) -> Option<(&str, &str)> {
    place.rsplit_once(':')
}

/// The scheme, host and port of a URL.
fn origin_of(url: &str) -> &str {
    let after = url.find("://").map_or(0, |at| at + 3);
    let end = url
        .get(after..)
        .and_then(|rest| rest.find('/'))
        .map_or(url.len(), |at| after + at);
    url.get(..end).unwrap_or(url)
}

fn text(headers: &HeaderMap, name: http::HeaderName) -> Option<&str> {
    headers.get(name).map(|value| value.to_str().unwrap_or("?"))
}
