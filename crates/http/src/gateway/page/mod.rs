//! The pages that this program makes for people: directories, values, errors.
//!
//! They work without scripts, load nothing from elsewhere, and allow no script but their own: names are not trusted.

pub(super) mod dag;
pub(super) mod failure;
pub(super) mod listing;

use std::sync::OnceLock;

use base64::Engine as _;
use cairn_primitives::bytestring::to_text;
use cairn_primitives::path::ContentPath;
use http::header;
use sha2::{Digest as _, Sha256};

use super::Exchange;
use super::response::segment;
use super::site::Origin;

/// Part of the ETags of pages: raise it when their look changes, so that caches fetch them again.
pub(super) const VERSION: &str = "c2";

/// The look of all pages, for light and dark screens of any width.
const STYLE: &str = include_str!("style.css");
/// Copies a CID. Without it, the buttons are not shown.
const SCRIPT: &str = include_str!("copy.js");

/// Names on the path that a page links to. A longer path is shown without links: each of them is as long as the path.
const MAX_CRUMBS: usize = 32;
/// Length of a path in bytes up to which links have all of it. Beyond, they are relative, which is as good.
const MAX_PREFIX: usize = 2048;

/// The value of `Content-Security-Policy` of all pages.
pub(super) fn policy() -> &'static str {
    static POLICY: OnceLock<String> = OnceLock::new();
    POLICY.get_or_init(|| {
        let digest = Sha256::digest(SCRIPT.as_bytes());
        let hash = base64::engine::general_purpose::STANDARD.encode(digest);
        format!(
            "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; script-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
        )
    })
}

/// Whether the client shows pages to a person.
pub(super) fn is_wanted(exchange: &Exchange<'_>) -> bool {
    accepts_html(&exchange.request.headers)
}

/// Whether `Accept` names HTML.
pub(super) fn accepts_html(headers: &http::HeaderMap) -> bool {
    headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .any(|value| value.contains("text/html"))
}

/// The beginning of a page, up to its first element.
fn begin(title: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light dark\"><link rel=\"icon\" href=\"data:,\">\
         <title>{}</title><style>{STYLE}</style></head>\n<body>",
        html(title)
    )
}

/// The end of a page with the script.
fn end() -> String {
    format!("<script>{SCRIPT}</script></body></html>\n")
}

/// Text with HTML escapes.
pub(super) fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // They would turn the order of what follows on the page around.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => out.push('\u{fffd}'),
            other => out.push(other),
        }
    }
    out
}

/// A size for people: three digits and a unit.
fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
    let mut number = bytes as f64 / 1024.0;
    let mut unit = UNITS.iter();
    let mut name = unit.next().unwrap_or(&"");
    while number >= 1000.0
        && let Some(next) = unit.next()
    {
        number /= 1024.0;
        name = next;
    }
    if number < 10.0 {
        format!("{number:.1} {name}")
    } else {
        format!("{number:.0} {name}")
    }
}

/// The first and last characters of a CID.
fn short(cid: &str) -> String {
    match (cid.get(..4), cid.len().checked_sub(4)) {
        (Some(start), Some(at)) if cid.len() > 12 => {
            format!("{start}…{}", cid.get(at..).unwrap_or_default())
        }
        _ => cid.to_owned(),
    }
}

/// What links to other content begin with: nothing where content has paths of this host, else the host that has.
fn gateway_of(origin: &Origin) -> Option<String> {
    match origin {
        Origin::Path => Some(String::new()),
        Origin::Subdomain { gateway } => Some(format!("//{}", html(gateway))),
        Origin::DnsLink { .. } => None,
    }
}

/// The path of the content, each name of it linked.
fn crumbs(path: &ContentPath, origin: &Origin) -> String {
    let namespace = path.namespace().as_str();
    let root = path.root();
    let names: Vec<&[u8]> = path.names().collect();
    if names.len() > MAX_CRUMBS || path.as_bytes().len() > MAX_PREFIX {
        return html(&to_text(path.as_bytes()));
    }
    let (mut href, first) = match origin {
        Origin::DnsLink { host } => (format!("//{}", html(host)), "/"),
        _ => {
            let gateway = gateway_of(origin).unwrap_or_default();
            let root = segment(root.as_bytes());
            (format!("{gateway}/{namespace}/{root}"), "")
        }
    };
    let mut out = format!("/{namespace}/<a href=\"{href}{first}\">{}</a>", html(&root));
    for name in names {
        href.push('/');
        href.push_str(&segment(name).to_string());
        out.push_str(&format!("/<a href=\"{href}\">{}</a>", html(&to_text(name))));
    }
    out
}

/// The link to a block on its own, with what follows its URL.
fn link_of(cid: &str, origin: &Origin, name: &str) -> String {
    match gateway_of(origin) {
        Some(gateway) => format!("href=\"{gateway}/ipfs/{cid}{name}\""),
        // A website has no paths of other content.
        None => format!(
            "href=\"https://cid.ipfs.tech/#{cid}\" target=\"_blank\" rel=\"noreferrer noopener\""
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_break_out() {
        assert_eq!(
            html("<script>\"&'\u{202e}"),
            "&lt;script&gt;&quot;&amp;&#39;\u{fffd}"
        );
    }

    #[test]
    fn sizes_have_three_digits() {
        for (bytes, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (99_999, "98 KiB"),
            (1 << 20, "1.0 MiB"),
            (1023 << 20, "1.0 GiB"),
            (u64::MAX, "16 EiB"),
        ] {
            assert_eq!(size(bytes), text);
        }
    }

    #[test]
    fn paths_are_linked() {
        let path = ContentPath::new("/ipns/example.com/ą/<b>/").unwrap();
        let website = Origin::DnsLink {
            host: "example.com".to_owned(),
        };
        assert_eq!(
            crumbs(&path, &website),
            "/ipns/<a href=\"//example.com/\">example.com</a>/<a href=\"//example.com/%C4%85\">ą</a>/<a href=\"//example.com/%C4%85/%3Cb%3E\">&lt;b&gt;</a>"
        );
        let deep = ContentPath::new(format!("/ipns/example.com{}", "/a".repeat(40))).unwrap();
        assert!(!crumbs(&deep, &website).contains("<a"));
    }

    #[test]
    fn the_policy_allows_the_script_of_the_page() {
        assert!(policy().contains("script-src 'sha256-"));
        assert!(!SCRIPT.contains("</"));
    }
}
