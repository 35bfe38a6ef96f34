//! Which pages may call the RPC, and what browsers are told about it.
//!
//! A browser sends along what page calls it. Pages of this machine that were served at the RPC's own port may call, and
//! those that `API.HTTPHeaders.Access-Control-Allow-Origin` names; all others are refused, as are browsers that hide it.
//! The other two `Access-Control-Allow-…` of that setting are rules as well; what else it holds goes out with answers.

use axum::response::Response;
use cairn_node::Config;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};

use super::nothing;

/// IPFS Companion, the browser extension, and its preview; Kubo lets them call too.
const COMPANIONS: [&str; 2] = [
    "chrome-extension://nibjojkomfdiaoajekhjakgkdhaomnch",
    "chrome-extension://hjoieblefckbooibpepigmacodalfndh",
];
/// What a page of another origin may set, in the form that browsers ask for it.
const REQUEST_HEADERS: [&str; 4] = ["accept", "content-type", "origin", "x-requested-with"];

/// Who may call.
#[derive(Clone, Debug)]
pub(crate) struct Policy {
    allowed: Vec<String>,
    any: bool,
    methods: Vec<String>,
    credentials: bool,
    /// What else goes out with a command's answer.
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
                _ => tracing::warn!(name, value, "API.HTTPHeaders has what no header can carry"),
            }
        }
    }

    /// Whether a request comes from where it may.
    pub(crate) fn allows(&self, headers: &HeaderMap) -> bool {
        let origin = text(headers, header::ORIGIN).filter(|origin| !origin.is_empty());
        let referer = text(headers, header::REFERER).filter(|referer| !referer.is_empty());
        if origin.is_none() && referer.is_none() {
            // A browser that tells nothing hides something; Electron's own pages have nothing to tell.
            return text(headers, header::USER_AGENT)
                .is_none_or(|agent| !agent.starts_with("Mozilla") || agent.contains("Electron"));
        }
        origin
            .into_iter()
            .chain(referer.map(origin_of))
            .all(|origin| self.is_allowed(origin, headers))
    }

    /// Tells a browser whether its page may read the answer.
    pub(crate) fn tell(&self, told: Option<&Told>, out: &mut HeaderMap) {
        let Some(Told(origin)) = told else {
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

    /// What [`Policy::tell`] is to tell whoever sent a request with this method.
    pub(crate) fn told(&self, method: &str, headers: &HeaderMap) -> Option<Told> {
        let origin = headers
            .get(header::ORIGIN)
            .filter(|origin| !origin.is_empty())?;
        if !self.may_read(origin.to_str().ok()?, headers) || !self.allows_method(method) {
            return None;
        }
        Some(Told(if self.any {
            HeaderValue::from_static("*")
        } else {
            origin.clone()
        }))
    }

    /// Adds the headers of the configuration to a command's answer. What the answer has to say itself goes before.
    pub(crate) fn add_headers(&self, out: &mut HeaderMap) {
        let mut added = HeaderMap::new();
        for (name, value) in &self.headers {
            // What answers vary by adds up.
            if !out.contains_key(name) || name == header::VARY {
                added.append(name.clone(), value.clone());
            }
        }
        for (name, value) in &added {
            out.append(name.clone(), value.clone());
        }
    }

    /// Answers `OPTIONS`.
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
            self.tell(self.told("OPTIONS", headers).as_ref(), out);
            return response;
        };
        out.insert(
            header::VARY,
            HeaderValue::from_static(
                "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
            ),
        );
        let told = self.told(method.to_str().unwrap_or_default(), headers);
        let wanted = headers.get(header::ACCESS_CONTROL_REQUEST_HEADERS);
        if told.is_none() || !wanted.is_none_or(may_set) {
            return response;
        }
        self.tell(told.as_ref(), out);
        out.insert(header::ACCESS_CONTROL_ALLOW_METHODS, method.clone());
        if let Some(wanted) = wanted.filter(|wanted| !wanted.is_empty()) {
            out.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, wanted.clone());
        }
        response
    }

    fn allows_method(&self, method: &str) -> bool {
        method == "OPTIONS" || self.methods.iter().any(|allowed| allowed == method)
    }

    /// Whether a page may call: its origin is named as it is.
    fn is_allowed(&self, origin: &str, headers: &HeaderMap) -> bool {
        self.any
            || COMPANIONS.contains(&origin)
            || self.allowed.iter().any(|allowed| allowed == origin)
            || is_own(origin, text(headers, header::HOST))
    }

    /// Whether a browser is told that a page may read: as Kubo does, by any case, and with one `*` for a part.
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
pub(crate) struct Told(HeaderValue);

/// Whether a page of another origin may set all headers of a list.
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
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn policy(headers: &[(&str, &[&str])]) -> Policy {
        let mut config = Config::default();
        config.api.http_headers =
            Some(BTreeMap::from_iter(headers.iter().map(|(name, values)| {
                let values = values.iter().map(ToString::to_string).collect();
                ((*name).to_owned(), values)
            })));
        Policy::from_config(&config)
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let pairs = pairs
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()));
        HeaderMap::from_iter(pairs)
    }

    #[test]
    fn pages_are_named_by_origin_or_referer() {
        let policy = policy(&[("Access-Control-Allow-Origin", &["https://app.example"])]);
        for (given, expected) in [
            (&[][..], true),
            (&[("origin", "https://app.example")], true),
            (&[("origin", "https://APP.example")], false),
            (&[("referer", "https://app.example/page?x")], true),
            (&[("referer", "https://app.example.evil/page")], false),
            (
                &[
                    ("origin", "https://app.example"),
                    ("referer", "http://evil/"),
                ],
                false,
            ),
            (&[("user-agent", "Mozilla/5.0")], false),
            (&[("user-agent", "Mozilla/5.0 Electron/1")], true),
            (
                &[
                    ("user-agent", "Mozilla/5.0"),
                    ("referer", "https://app.example/"),
                ],
                true,
            ),
            (
                &[
                    ("host", "localhost:5001"),
                    ("origin", "http://localhost:5001"),
                ],
                true,
            ),
            (
                &[
                    ("host", "localhost:5001"),
                    ("origin", "http://localhost:5002"),
                ],
                false,
            ),
            (
                &[
                    ("host", "evil.example:5001"),
                    ("origin", "http://evil.example:5001"),
                ],
                false,
            ),
        ] {
            assert_eq!(policy.allows(&headers(given)), expected, "{given:?}");
        }
    }

    #[test]
    fn preflights_follow_the_configuration() {
        let policy = policy(&[
            (
                "Access-Control-Allow-Origin",
                &["https://app.example", "https://*.sub.example"],
            ),
            ("Access-Control-Allow-Methods", &["PUT", "POST"]),
            ("Access-Control-Allow-Credentials", &["True"]),
        ]);
        let ask = |origin: &str, method: &str, wanted: &str| {
            let given = headers(&[
                ("origin", origin),
                ("access-control-request-method", method),
                ("access-control-request-headers", wanted),
            ]);
            let answer = policy.preflight(&given);
            let header = |name: &str| {
                answer
                    .headers()
                    .get(name)
                    .map(|value| value.to_str().unwrap().to_owned())
            };
            assert_eq!(answer.status(), 204);
            (
                header("access-control-allow-origin"),
                header("access-control-allow-methods"),
                header("access-control-allow-headers"),
                header("access-control-allow-credentials"),
            )
        };
        let yes = |origin: &str, method: &str, wanted: Option<&str>| {
            let some = |text: &str| Some(text.to_owned());
            (
                some(origin),
                some(method),
                wanted.map(str::to_owned),
                some("true"),
            )
        };
        let app = "https://app.example";
        assert_eq!(ask(app, "PUT", ""), yes(app, "PUT", None));
        assert_eq!(
            ask(app, "POST", "content-type"),
            yes(app, "POST", Some("content-type"))
        );
        assert_eq!(
            ask("https://a.sub.example", "POST", ""),
            yes("https://a.sub.example", "POST", None)
        );
        for (origin, method, wanted) in [
            (app, "DELETE", ""),
            (app, "POST", "authorization"),
            ("https://evil.example", "POST", ""),
        ] {
            assert_eq!(ask(origin, method, wanted), (None, None, None, None));
        }
    }

    #[test]
    fn any_origin_is_told_by_a_star() {
        let policy = policy(&[("Access-Control-Allow-Origin", &["*"])]);
        let given = headers(&[("origin", "http://anyone")]);
        let mut out = HeaderMap::new();
        policy.tell(policy.told("POST", &given).as_ref(), &mut out);
        assert_eq!(out["access-control-allow-origin"], "*");
        assert!(policy.allows(&given));
        assert!(policy.told("GET", &given).is_none());
    }

    #[test]
    fn headers_of_the_configuration_give_way_to_the_answers_own() {
        let policy = policy(&[
            ("x-team", &["a", "b"]),
            ("Server", &["mine"]),
            ("Vary", &["Cookie"]),
            ("bad name", &["x"]),
        ]);
        let mut out = headers(&[("server", "ours"), ("vary", "Origin")]);
        policy.add_headers(&mut out);
        let team: Vec<_> = out.get_all("x-team").iter().collect();
        assert_eq!(team, ["a", "b"]);
        assert_eq!(out["server"], "ours");
        let vary: Vec<_> = out.get_all("vary").iter().collect();
        assert_eq!(vary, ["Origin", "Cookie"]);
        assert_eq!(out.len(), 5);
    }
}
