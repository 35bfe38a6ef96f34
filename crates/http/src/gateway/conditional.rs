//! Validators: what is content-addressed never changes, so its CID is its ETag.
//!
//! Spec: RFC 9110 §13, <https://specs.ipfs.tech/http-gateways/path-gateway/#etag-response-header>

use cairn_primitives::unixfs::Mtime;
use http::{HeaderMap, header};

use super::response::parse_date;

/// Whether `If-None-Match` names the ETag, weakly compared.
pub(super) fn is_known(headers: &HeaderMap, etag: &str) -> bool {
    headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|value| lists(value, etag))
}

fn lists(value: &str, etag: &str) -> bool {
    let bare = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    value.trim() == "*" || value.split(',').any(|tag| bare(tag) == bare(etag))
}

/// Whether the client has content of this time: by `If-Modified-Since`, which counts only without `If-None-Match`.
pub(super) fn is_current(headers: &HeaderMap, mtime: Option<Mtime>) -> bool {
    let Some(mtime) = mtime else { return false };
    if headers.contains_key(header::IF_NONE_MATCH) {
        return false;
    }
    let since = headers.get(header::IF_MODIFIED_SINCE);
    let since = since.and_then(|value| parse_date(value.to_str().ok()?));
    since.is_some_and(|since| mtime.seconds <= since)
}

/// Whether a `Range` holds: with `If-Range`, only if that names the ETag or the time.
pub(super) fn range_holds(headers: &HeaderMap, etag: &str, mtime: Option<Mtime>) -> bool {
    let Some(value) = headers.get(header::IF_RANGE) else {
        return true;
    };
    let Ok(value) = value.to_str() else {
        return false;
    };
    match mtime {
        _ if value.trim() == etag => true,
        Some(mtime) => parse_date(value) == Some(mtime.seconds),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: http::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, value.parse().unwrap())])
    }

    #[test]
    fn compares_etags() {
        let headers = |value: &str| headers(header::IF_NONE_MATCH, value);
        assert!(is_known(&headers("\"a\", W/\"b\""), "\"b\""));
        assert!(is_known(&headers("*"), "\"b\""));
        assert!(!is_known(&headers("\"a\""), "\"b\""));
        assert!(!is_known(&HeaderMap::new(), "\"b\""));
    }

    #[test]
    fn compares_times() {
        let mtime = Some(Mtime::from_seconds(784_111_777));
        let date = "Sun, 06 Nov 1994 08:49:37 GMT";
        let since = headers(header::IF_MODIFIED_SINCE, date);
        assert!(is_current(&since, mtime));
        assert!(!is_current(&since, Some(Mtime::from_seconds(784_111_778))));
        assert!(!is_current(&since, None));
        assert!(range_holds(
            &headers(header::IF_RANGE, date),
            "\"a\"",
            mtime
        ));
        assert!(range_holds(
            &headers(header::IF_RANGE, "\"a\""),
            "\"a\"",
            None
        ));
        assert!(!range_holds(
            &headers(header::IF_RANGE, "\"b\""),
            "\"a\"",
            mtime
        ));
    }
}
