//! Clean paths, as in Go's HTTP server, which Kubo uses: requests for other paths are redirected to the clean form.
//!
//! So credentials and routes only see clean paths. See <https://pkg.go.dev/net/http#ServeMux>.

use std::borrow::Cow;

use axum::response::Response;
use http::Uri;

use crate::kubo::redirect_to;

/// The redirect to the clean form of a request's path, which keeps method and query; `None` for a path that is clean.
pub(crate) fn redirect(uri: &Uri) -> Option<Response> {
    let Cow::Owned(path) = clean(uri.path()) else {
        return None;
    };
    // Browsers read a backslash as a slash, and two leading slashes as another server.
    let path = path.replace('\\', "%5C");
    Some(redirect_to(&match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path,
    }))
}

/// The path without empty segments, `.` and `..`; a trailing slash is kept.
fn clean(path: &str) -> Cow<'_, str> {
    // `OPTIONS *` has no path.
    if path == "*" || is_clean(path) {
        return path.into();
    }
    let mut names: Vec<&str> = Vec::new();
    for name in path.split('/') {
        match name {
            "" | "." => {}
            ".." => {
                names.pop();
            }
            name => names.push(name),
        }
    }
    let mut out = String::with_capacity(path.len() + 1);
    for name in &names {
        out.push('/');
        out.push_str(name);
    }
    if out.is_empty() || path.ends_with('/') {
        out.push('/');
    }
    out.into()
}

fn is_clean(path: &str) -> bool {
    let Some(below) = path.strip_prefix('/') else {
        return false;
    };
    let (above, last) = below.rsplit_once('/').unzip();
    let is_name = |name: &str| !matches!(name, "" | "." | "..");
    above.is_none_or(|above| above.split('/').all(is_name))
        && !matches!(last.unwrap_or(below), "." | "..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_cleaned_as_go_cleans_them() {
        for (path, cleaned) in [
            ("/", "/"),
            ("/api/v0/version", "/api/v0/version"),
            ("/api/v0/version/", "/api/v0/version/"),
            ("//api/v0/version", "/api/v0/version"),
            ("/api//v0///version", "/api/v0/version"),
            ("/api/v0/./config", "/api/v0/config"),
            ("/api/v0/cat/../config", "/api/v0/config"),
            ("/api/v0//config//", "/api/v0/config/"),
            ("/../../api/v0/id", "/api/v0/id"),
            ("/a/..", "/"),
            ("/a/.", "/a"),
            // Escaped characters are not separators.
            ("/api/v0/%2e%2e/config", "/api/v0/%2e%2e/config"),
            ("/api/v0%2F%2Fconfig", "/api/v0%2F%2Fconfig"),
            ("*", "*"),
        ] {
            assert_eq!(clean(path), cleaned, "{path}");
            assert_eq!(is_clean(path), path == cleaned && path != "*", "{path}");
        }
    }

    #[test]
    fn a_redirect_keeps_the_query_and_the_server() {
        let to = |uri: &'static str| {
            let answer = redirect(&Uri::from_static(uri))?;
            assert_eq!(answer.status(), 307);
            let location = answer.headers().get("location")?.to_str().ok()?;
            Some(location.to_owned())
        };
        assert_eq!(to("/api/v0/version?x=//"), None);
        assert_eq!(
            to("//api/v0/version?arg=a%2Fb&x").as_deref(),
            Some("/api/v0/version?arg=a%2Fb&x")
        );
        for elsewhere in ["//evil.example/x", "/.//evil.example/x"] {
            assert_eq!(to(elsewhere).as_deref(), Some("/evil.example/x"));
        }
        assert_eq!(
            to("/.\\evil.example").as_deref(),
            None,
            "no segment of its own"
        );
        assert_eq!(to("/./\\evil.example").as_deref(), Some("/%5Cevil.example"));
    }
}
