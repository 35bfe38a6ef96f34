//! Which browser pages may call the RPC, and the CORS headers for them.
//!
//! A browser sends the origin of the calling page. Pages of this machine served at the RPC's own port may call, and
//! those in `API.HTTPHeaders.Access-Control-Allow-Origin`; all others are refused, as are browsers that hide the
//! origin. The other two `Access-Control-Allow-…` of that setting are rules as well; its other headers are added to
//! responses.

use axum::response::Response;
use cairn_node::Config;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};

use super::nothing;

/// IPFS Companion, the browser extension, and its preview; Kubo allows them, too.
const COMPANIONS: [&str; 2] = [
    "chrome-extension://nibjojkomfdiaoajekhjakgkdhaomnch",
    "chrome-extension://hjoieblefckbooibpepigmacodalfndh",
];
/// Headers that a page of another origin may set, as browsers write them in preflights.
const REQUEST_HEADERS: [&str; 4] = ["accept", "content-type", "origin", "x-requested-with"];

/// Who may call.
#[derive(Clone, Debug)]
pub(crate) struct Policy {
    allowed: Vec<String>,
    any: bool,
    methods: Vec<String>,
    credentials: bool,
    /// Other headers of a command's response.
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            allowed: Vec::new(),
            any: false,
            methods: vec![Method::POST.to_string()],
            credentials: false,
            headers: Vec::new(),
        }
    }
}

impl Policy {
    pub(crate) fn from_config(config: &Config) -> Self {
        let mut policy = Self::default();
        for (name, values) in config.api.http_headers.iter().flatten() {
            match name.to_ascii_lowercase().as_str() {
                "access-control-allow-origin" => policy.allowed.clone_from(values),
                "access-control-allow-methods" if !values.is_empty() => {
                    policy.methods.clone_from(values);
                }
                "access-control-allow-methods" => {}
                "access-control-allow-credentials" => {
                    if let Some(last) = values.last() {
                        policy.credentials = last.eq_ignore_ascii_case("true");
                    }
                }
                _ => policy.add_header(name, values),
            }
        }
        policy.any = policy.allowed.iter().any(|origin| origin == "*");
        policy
    }

    fn add_header(&mut self, name: &str, values: &[String]) {
        for value in values {
            match (
                HeaderName::from_bytes(name.as_bytes()),
                HeaderValue::from_str(value),
            ) {
                (Ok(name), Ok(value)) => self.headers.push((name, value)),
                _ => tracing::warn!(name, value, "API.HTTPHeaders has an invalid header"),
            }
        }
    }

    /// Whether the origin of a request is allowed.
    pub(crate) fn allows(&self, headers: &HeaderMap) -> bool {
        let origin = text(headers, header::ORIGIN).filter(|origin| !origin.is_empty());
        let referer = text(headers, header::REFERER).filter(|referer| !referer.is_empty());
        if origin.is_none() && referer.is_none() {
            // Browsers without `Origin` and `Referer` hide the page; Electron's own pages have neither.
            return text(headers, header::USER_AGENT)
                .is_none_or(|agent| !agent.starts_with("Mozilla") || agent.contains("Electron"));
        }
        origin
            .into_iter()
            .chain(referer.map(origin_of))
            .all(|origin| self.is_allowed(origin, headers))
    }

    /// Sets the headers that allow a browser page to read the response.
    pub(crate) fn set_allow_origin(&self, allow_origin: Option<&AllowOrigin>, out: &mut HeaderMap) {
        let Some(AllowOrigin(origin)) = allow_origin else {
            return;
        };
        out.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        if self.credentials {
            out.insert(
                header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
                HeaderValue::from_static("true"),
            );
        }
    }

    /// The value for [`Policy::set_allow_origin`] for a request with this method.
    pub(crate) fn allow_origin(&self, method: &str, headers: &HeaderMap) -> Option<AllowOrigin> {
        let origin = headers
            .get(header::ORIGIN)
            .filter(|origin| !origin.is_empty())?;
        if !self.may_read(origin.to_str().ok()?, headers) || !self.allows_method(method) {
            return None;
        }
        Some(AllowOrigin(if self.any {
            HeaderValue::from_static("*")
        } else {
            origin.clone()
        }))
    }

    /// Adds the headers of the configuration to a command's response, which keeps its own.
    pub(crate) fn add_headers(&self, out: &mut HeaderMap) {
        let mut added = HeaderMap::new();
        for (name, value) in &self.headers {
            // `Vary` values are combined.
            if !out.contains_key(name) || name == header::VARY {
                added.append(name.clone(), value.clone());
            }
        }
        for (name, value) in &added {
            out.append(name.clone(), value.clone());
        }
    }

    /// The response to `OPTIONS`.
    pub(crate) fn preflight(&self, headers: &HeaderMap) -> Response {
        let asked = headers
            .get(header::ACCESS_CONTROL_REQUEST_METHOD)
            .filter(|method| !method.is_empty());
        let mut response = Response::new(nothing());
        *response.status_mut() = StatusCode::NO_CONTENT;
        let out = response.headers_mut();
        let Some(method) = asked else {
            out.insert(header::ALLOW, HeaderValue::from_static("OPTIONS, POST"));
            out.insert(header::VARY, HeaderValue::from_static("Origin"));
            self.set_allow_origin(self.allow_origin("OPTIONS", headers).as_ref(), out);
            return response;
        };
        out.insert(
            header::VARY,
            HeaderValue::from_static(
                "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
            ),
        );
        let allow_origin = self.allow_origin(method.to_str().unwrap_or_default(), headers);
        let wanted = headers.get(header::ACCESS_CONTROL_REQUEST_HEADERS);
        if allow_origin.is_none() || !wanted.is_none_or(may_set) {
            return response;
        }
        self.set_allow_origin(allow_origin.as_ref(), out);
        out.insert(header::ACCESS_CONTROL_ALLOW_METHODS, method.clone());
        if let Some(wanted) = wanted.filter(|wanted| !wanted.is_empty()) {
            out.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, wanted.clone());
        }
        response
    }

    fn allows_method(&self, method: &str) -> bool {
        method == "OPTIONS" || self.methods.iter().any(|allowed| allowed == method)
    }

    /// Whether a page may call: its origin must be listed exactly.
    fn is_allowed(&self, origin: &str, headers: &HeaderMap) -> bool {
        self.any
            || COMPANIONS.contains(&origin)
            || self.allowed.iter().any(|allowed| allowed == origin)
            || is_own(origin, text(headers, header::HOST))
    }

    /// Whether CORS allows an origin: as in Kubo, ignoring case, and with one `*` as a wildcard.
    fn may_read(&self, origin: &str, headers: &HeaderMap) -> bool {
        if self.is_allowed(origin, headers) {
            return true;
        }
        let origin = origin.to_ascii_lowercase();
        self.allowed.iter().any(|allowed| {
            let allowed = allowed.to_ascii_lowercase();
            match allowed.split_once('*') {
                None => allowed == origin,
                Some((start, end)) => {
                    origin.len() >= start.len() + end.len()
                        && origin.starts_with(start)
                        && origin.ends_with(end)
                }
            }
        })
    }
}

/// The value of `Access-Control-Allow-Origin` for one request.
#[derive(Clone, Debug)]
pub(crate) struct AllowOrigin(HeaderValue);

/// Whether all headers of a list are allowed.
fn may_set(wanted: &HeaderValue) -> bool {
    wanted.to_str().is_ok_and(|wanted| {
        wanted
            .split(',')
            .map(str::trim)
            .all(|name| name.is_empty() || REQUEST_HEADERS.contains(&name))
    })
}

/// Whether an origin is a page of this machine at the port that is being called.
fn is_own(origin: &str, host: Option<&str>) -> bool {
    let Some(place) = origin
        .strip_prefix("http://")
        .or_else(|| origin.strip_prefix("https://"))
    else {
        return false;
    };
    let Some((name, port)) = place.rsplit_once(':') else {
        return false;
    };
    let Some((_, own_port)) = host.and_then(|host| host.rsplit_once(':')) else {
        return false;
    };
    port == own_port && matches!(name, "localhost" | "127.0.0.1" | "[::1]")
}

/// The scheme, host and port of a URL.
fn origin_of(url: &str) -> &str {
    let after = url.find("://").map_or(0, |at| at + 3);
    let end = url
        .get(after..)
        .and_then(|rest| rest.find(['/', '?', '#']))
        .map_or(url.len(), |at| after + at);
    url.get(..end).unwrap_or(url)
}

fn text(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name).map(|value| value.to_str().unwrap_or("?"))
}

#[cfg(test)]
mod tests;
