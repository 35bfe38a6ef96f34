//! Checks the `Host` of requests.
//!
//! With DNS rebinding, a page whose name suddenly resolves to this machine sends that name in `Host`. The origin
//! rules of [`crate::kubo`] protect the RPC from it; where `AllowedHosts` is set, other names are refused outright.
//! Kubo accepts any name, and so does a face without that setting.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::Request;
use axum::response::{IntoResponse as _, Response};
use http::{StatusCode, header};

use crate::Service;

/// Makes a face accept only addresses, `localhost` and the names of its `AllowedHosts`; `*.name` stands for all names
/// below one. Without a list it accepts any name.
pub fn only(allowed: Option<&[String]>, face: Service) -> Service {
    let Some(allowed) = allowed else {
        return face;
    };
    let names = allowed.iter().map(|name| name.to_ascii_lowercase());
    let names: Arc<[String]> = names.collect();
    Service::new(move |request| {
        let answer = is_meant(&request, &names).then(|| face.call(request));
        async move {
            match answer {
                Some(answer) => answer.await,
                None => misdirected(),
            }
        }
    })
}

fn is_meant(request: &Request, allowed: &[String]) -> bool {
    let host = match request.uri().authority() {
        Some(authority) => Some(authority.as_str()),
        None => match request
            .headers()
            .get(header::HOST)
            .map(|host| host.to_str())
        {
            Some(Ok(host)) => Some(host),
            Some(Err(_)) => return false,
            None => None,
        },
    };
    // Browsers always send `Host`.
    host.is_none_or(|host| is_allowed(host, allowed))
}

fn misdirected() -> Response {
    let text = "421 - Misdirected Request: the name in Host is not listed in AllowedHosts\n";
    (StatusCode::MISDIRECTED_REQUEST, text).into_response()
}

fn is_allowed(host: &str, allowed: &[String]) -> bool {
    let name = name_of(host).trim_end_matches('.').to_ascii_lowercase();
    // An address cannot be rebound: the page would have been served by it.
    name.parse::<IpAddr>().is_ok()
        || name == "localhost"
        || name.ends_with(".localhost")
        || allowed.iter().any(|entry| match entry.strip_prefix("*.") {
            Some(parent) => name
                .strip_suffix(parent)
                .is_some_and(|below| below.len() > 1 && below.ends_with('.')),
            None => *entry == name,
        })
}

/// The host without its port and without the brackets of an IPv6 address.
pub(crate) fn name_of(host: &str) -> &str {
    if let Some(rest) = host.strip_prefix('[') {
        return rest.split(']').next().unwrap_or(rest);
    }
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_names_are_refused() {
        let listed = ["node.example".to_owned(), "*.gateway.example".to_owned()];
        for (host, expected) in [
            ("localhost:5001", true),
            ("LOCALHOST", true),
            ("bafy.ipfs.localhost:8080", true),
            ("127.0.0.1:5001", true),
            ("[::1]:5001", true),
            ("10.0.0.7", true),
            ("node.example:5001", true),
            ("node.example.", true),
            ("a.gateway.example", true),
            ("a.b.gateway.example", true),
            ("gateway.example", false),
            (".gateway.example", false),
            ("evilgateway.example", false),
            ("evil.example:5001", false),
            ("127.0.0.1.evil.example", false),
            ("localhost.evil.example", false),
            ("", false),
        ] {
            assert_eq!(is_allowed(host, &listed), expected, "{host}");
        }
    }
}
