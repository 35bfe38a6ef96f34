//! Requests that are answered before any content is looked for.

use axum::response::Response;
use cairn_primitives::PeerId;
use cairn_primitives::path::ContentPath;
use cairn_wire::Values;
use http::StatusCode;
use http::request::Parts;
use percent_encoding::percent_decode_str;

use super::Gateway;
use super::error::GatewayError;
use super::response::{not_found, redirect};
use super::site::Origin;

/// `?uri=`: links of browsers that open `ipfs://` and `ipns://` with this gateway.
///
/// Spec: <https://specs.ipfs.tech/http-gateways/subdomain-gateway/#uri-router>
pub(super) fn uri(query: &Values) -> Result<Option<Response>, GatewayError> {
    let Some(uri) = query.loose(&["uri"]).filter(|uri| !uri.is_empty()) else {
        return Ok(None);
    };
    let rest = ["ipfs", "ipns"].iter().find_map(|scheme| {
        let rest = uri.strip_prefix(scheme)?.strip_prefix("://")?;
        Some((scheme, rest))
    });
    let Some((scheme, rest)) = rest else {
        return Err(GatewayError::Bad(
            "uri query parameter scheme must be ipfs or ipns".to_owned(),
        ));
    };
    let rest = rest.split('#').next().unwrap_or_default();
    let (path, query) = match rest.split_once('?') {
        Some((path, query)) => (path, format!("?{query}")),
        None => (rest, String::new()),
    };
    let names: Vec<&str> = path.split('/').filter(|name| !name.is_empty()).collect();
    // Cleaned by the server again: no name leads to another namespace.
    if names.is_empty() || names.iter().any(|name| matches!(*name, "." | "..")) {
        return Err(GatewayError::Bad(
            "failed to parse uri query parameter".to_owned(),
        ));
    }
    let slash = if path.ends_with('/') && names.len() > 1 {
        "/"
    } else {
        ""
    };
    let to = format!("/{scheme}/{}{slash}{query}", names.join("/"));
    Ok(Some(redirect(StatusCode::MOVED_PERMANENTLY, &to)))
}

/// Answers for paths that are no content, and redirects to better spellings. `path` is the content path, percent-encoded.
pub(super) fn of(
    gateway: &Gateway,
    path: &str,
    origin: &Origin,
    request: &Parts,
) -> Result<Option<Response>, GatewayError> {
    let mut parts = path.splitn(4, '/').skip(1);
    let (namespace, root, rest) = (
        parts.next().unwrap_or_default(),
        parts.next().unwrap_or_default(),
        parts.next(),
    );
    if path == "/" && !gateway.settings.root_redirect.is_empty() {
        let to = &gateway.settings.root_redirect;
        return Ok(Some(redirect(StatusCode::FOUND, to)));
    }
    if !matches!(namespace, "ipfs" | "ipns") {
        return Ok(Some(not_found()));
    }
    if origin.is_isolated() {
        return Ok(None);
    }
    let is_worker = request
        .headers
        .get("service-worker")
        .is_some_and(|value| value == "script");
    if is_worker && rest.is_none() {
        // Registered here, it would control the pages of all content.
        return Err(GatewayError::Bad(
            "navigator.serviceWorker: registration is not allowed for this scope".to_owned(),
        ));
    }
    let query = request.uri.query().map(|query| format!("?{query}"));
    let query = query.unwrap_or_default();
    let below = rest.map(|rest| format!("/{rest}")).unwrap_or_default();
    if namespace == "ipns"
        && let Some(key) = key_of(root)
        && key != root
    {
        let to = format!("/ipns/{key}{below}{query}");
        return Ok(Some(redirect(StatusCode::FOUND, &to)));
    }
    if namespace == "ipfs" && matches!(root, "ipfs" | "ipns") {
        let to = format!("/{root}{below}");
        let decoded: Vec<u8> = percent_decode_str(&to).collect();
        ContentPath::new(decoded)
            .map_err(|error| GatewayError::Bad(format!("invalid path {to:?}: {error}")))?;
        let to = format!("{to}{query}");
        return Ok(Some(redirect(StatusCode::MOVED_PERMANENTLY, &to)));
    }
    Ok(None)
}

/// The usual spelling of a key; `None` for a domain.
fn key_of(root: &str) -> Option<String> {
    let key: PeerId = root.parse().ok()?;
    Some(key.to_base36())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_of_other_programs_are_opened() {
        let to = |uri: &str| {
            let mut query = Values::default();
            query.option("uri", uri);
            let answer = self::uri(&query).ok()??;
            let location = answer.headers().get("location")?.to_str().ok()?;
            Some(location.to_owned())
        };
        for (uri, expected) in [
            ("ipfs://cid/wiki/A.html", Some("/ipfs/cid/wiki/A.html")),
            ("ipns://example.com", Some("/ipns/example.com")),
            ("ipns://example.com/", Some("/ipns/example.com")),
            ("ipfs://cid/a%20b/?x=1#y", Some("/ipfs/cid/a%20b/?x=1")),
            ("ipfs://", None),
            ("ipfs:///../../evil", None),
            ("https://evil.example", None),
        ] {
            assert_eq!(to(uri).as_deref(), expected, "{uri}");
        }
        assert!(uri(&Values::default()).unwrap().is_none());
    }
}
