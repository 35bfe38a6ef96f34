//! The page of an error: what was asked for, why it was not served, what to try.

use std::fmt::Write as _;

use http::StatusCode;

use super::{begin, end, html};

/// Maximum length of a path that is shown, in bytes.
const MAX_SHOWN: usize = 1024;

/// The page. `path` is the path of the request; `link` is a URL of a service that looks for the cause.
pub(in super::super) fn page(
    status: StatusCode,
    text: &str,
    path: &str,
    hints: &[&str],
    link: Option<&str>,
) -> String {
    let reason = status.canonical_reason().unwrap_or("Error");
    let title = format!("{} {reason}", status.as_u16());
    let mut page = begin(&title);
    let asked = percent_encoding::percent_decode_str(path).decode_utf8_lossy();
    let mut asked: String = asked.chars().take(MAX_SHOWN).collect();
    if asked.len() < path.len() && asked.chars().count() == MAX_SHOWN {
        asked.push('…');
    }
    let _ = write!(
        page,
        "<main class=\"card box\"><h2>{title}</h2><h3>What was asked for</h3><p><code>{}</code></p><h3>What went wrong</h3><p>{}</p>",
        html(&asked),
        html(text)
    );
    if !hints.is_empty() || link.is_some() {
        page.push_str("<h3>What to try</h3><ul>");
        for hint in hints {
            let _ = write!(page, "<li>{}</li>", html(hint));
        }
        if let Some(link) = link {
            let _ = write!(
                page,
                "<li><a href=\"{}\" rel=\"noreferrer noopener\">Check whether any peer has the content</a></li>",
                html(link)
            );
        }
        page.push_str("</ul>");
    }
    page.push_str("</main>");
    page.push_str(&end());
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_request_is_markup() {
        let page = page(
            StatusCode::NOT_FOUND,
            "no <b> link",
            "/ipfs/x/%3Cscript%3Ealert(1)%3C/script%3E",
            &["a & b"],
            Some("https://check.example/?cid=\"><script>"),
        );
        assert!(page.contains("<h2>404 Not Found</h2>"));
        assert!(page.contains("&lt;script&gt;alert(1)"));
        assert!(page.contains("no &lt;b&gt; link") && page.contains("a &amp; b"));
        // Only the script of the page itself.
        assert_eq!(page.matches("<script>").count(), 1);
        let long = format!("/ipfs/{}", "x".repeat(5000));
        let page = super::page(StatusCode::NOT_FOUND, "", &long, &[], None);
        assert!(page.contains('…'));
    }
}
