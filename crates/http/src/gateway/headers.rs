//! Headers of every response: `Gateway.HTTPHeaders` and CORS.

use std::collections::{BTreeMap, BTreeSet};

use http::header::Entry;
use http::{HeaderMap, HeaderName, HeaderValue, header};

/// Headers that a page of another origin may send, besides those of the configuration.
const SENT: [&str; 4] = ["Content-Type", "Range", "User-Agent", "X-Requested-With"];
/// Response headers that it may read, besides those of the configuration.
const READ: [&str; 6] = [
    "Content-Length",
    "Content-Range",
    "X-Chunked-Output",
    "X-Ipfs-Path",
    "X-Ipfs-Roots",
    "X-Stream-Output",
];

/// The headers of every response, unless the response sets them itself: names, first and further values.
#[derive(Clone, Debug)]
pub(super) struct Headers(Vec<(HeaderName, HeaderValue, Vec<HeaderValue>)>);

impl Headers {
    /// From `Gateway.HTTPHeaders`. Any page may read responses unless that says otherwise: the content is public.
    pub(super) fn from_config(configured: Option<&BTreeMap<String, Vec<String>>>) -> Self {
        let mut headers = HeaderMap::new();
        for (name, values) in configured.into_iter().flatten() {
            for value in values {
                match (
                    HeaderName::from_bytes(name.as_bytes()),
                    HeaderValue::from_str(value),
                ) {
                    (Ok(name), Ok(value)) => {
                        headers.append(name, value);
                    }
                    _ => tracing::warn!(
                        name,
                        value,
                        "Gateway.HTTPHeaders has what no header can carry"
                    ),
                }
            }
        }
        headers
            .entry(header::ACCESS_CONTROL_ALLOW_ORIGIN)
            .or_insert(HeaderValue::from_static("*"));
        headers
            .entry(header::ACCESS_CONTROL_ALLOW_METHODS)
            .or_insert(HeaderValue::from_static("GET, HEAD, OPTIONS"));
        headers
            .entry(header::SERVER)
            .or_insert(HeaderValue::from_static(crate::kubo::AGENT));
        extend(&mut headers, header::ACCESS_CONTROL_ALLOW_HEADERS, &SENT);
        extend(&mut headers, header::ACCESS_CONTROL_EXPOSE_HEADERS, &READ);
        let each = headers.keys().filter_map(|name| {
            let mut values = headers.get_all(name).iter().cloned();
            Some((name.clone(), values.next()?, values.collect()))
        });
        Self(each.collect())
    }

    /// Adds them to a response.
    pub(super) fn add_to(&self, answer: &mut HeaderMap) {
        for (name, first, others) in &self.0 {
            if let Entry::Vacant(vacant) = answer.entry(name) {
                let mut entry = vacant.insert_entry(first.clone());
                for other in others {
                    entry.append(other.clone());
                }
            }
        }
    }
}

/// Adds names to a list that may already have names from the configuration.
fn extend(headers: &mut HeaderMap, list: HeaderName, names: &[&str]) {
    let mut all: BTreeSet<String> = names.iter().map(|&name| name.to_owned()).collect();
    for value in headers.get_all(&list) {
        let given = value.to_str().unwrap_or_default().split(',').map(str::trim);
        for name in given.filter(|name| !name.is_empty()) {
            if !all.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                all.insert(name.to_owned());
            }
        }
    }
    let all: Vec<String> = all.into_iter().collect();
    // Built from valid header values, so it is valid.
    if let Ok(value) = HeaderValue::from_str(&all.join(", ")) {
        headers.insert(list, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(
        configured: &[(&str, &[&str])],
        answer: &[(&'static str, &'static str)],
    ) -> HeaderMap {
        let configured = configured
            .iter()
            .map(|(name, values)| {
                let values = values.iter().map(|&value| value.to_owned()).collect();
                ((*name).to_owned(), values)
            })
            .collect();
        let mut out: HeaderMap = answer
            .iter()
            .map(|&(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            })
            .collect();
        Headers::from_config(Some(&configured)).add_to(&mut out);
        out
    }

    #[test]
    fn any_page_may_read_by_default() {
        let out = answered(&[], &[]);
        assert_eq!(out["access-control-allow-origin"], "*");
        assert_eq!(out["access-control-allow-methods"], "GET, HEAD, OPTIONS");
        assert!(out["server"].to_str().unwrap().starts_with("cairn/"));
        assert_eq!(out.len(), 5);
    }

    #[test]
    fn the_configuration_adds_and_replaces() {
        let out = answered(
            &[
                ("X-Team", &["a", "b"]),
                ("access-control-allow-origin", &["https://app.example"]),
                ("Access-Control-Allow-Headers", &["X-Own, range"]),
                ("Access-Control-Expose-Headers", &["X-Team"]),
                ("Server", &["mine"]),
                ("Cache-Control", &["no-store"]),
                ("bad name", &["x"]),
                ("X-Bad", &["a\nb"]),
            ],
            &[("cache-control", "public")],
        );
        let team: Vec<_> = out.get_all("x-team").iter().collect();
        assert_eq!(team, ["a", "b"]);
        assert_eq!(out["access-control-allow-origin"], "https://app.example");
        assert_eq!(
            out["access-control-allow-headers"],
            "Content-Type, Range, User-Agent, X-Own, X-Requested-With"
        );
        assert!(
            out["access-control-expose-headers"]
                .to_str()
                .unwrap()
                .ends_with("X-Stream-Output, X-Team")
        );
        assert_eq!(out["server"], "mine");
        // The configuration must not override the headers that describe the content.
        assert_eq!(out["cache-control"], "public");
        assert!(!out.contains_key("x-bad"));
    }
}
