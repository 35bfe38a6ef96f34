//! Validators: what is content-addressed never changes, so its CID is its ETag.
//!
//! Spec: RFC 9110 §13, <https://specs.ipfs.tech/http-gateways/path-gateway/#etag-response-header>

use http::{HeaderMap, header};

/// Whether `If-None-Match` names the ETag, weakly compared.
pub(crate) fn is_known(headers: &HeaderMap, etag: &str) -> bool {
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

/// Whether a `Range` holds: with `If-Range`, only if that names the ETag.
pub(crate) fn range_holds(headers: &HeaderMap, etag: &str) -> bool {
    headers
        .get(header::IF_RANGE)
        .is_none_or(|value| value.to_str().is_ok_and(|value| value.trim() == etag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compares_etags() {
        let headers =
            |value: &str| HeaderMap::from_iter([(header::IF_NONE_MATCH, value.parse().unwrap())]);
        assert!(is_known(&headers("\"a\", W/\"b\""), "\"b\""));
        assert!(is_known(&headers("*"), "\"b\""));
        assert!(!is_known(&headers("\"a\""), "\"b\""));
        assert!(!is_known(&HeaderMap::new(), "\"b\""));
    }
}
