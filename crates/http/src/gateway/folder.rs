//! Serves directories: their `index.html`, or a list of their entries.

use std::fmt::Write as _;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use cairn_dag::export::FileReader;
use cairn_dag::list::Lister;
use cairn_dag::resolve::{self, ResolveError};
use cairn_dag::{Blocks, NodeError};
use cairn_primitives::bytestring::to_text;
use cairn_primitives::path::Namespace;
use futures_util::StreamExt as _;
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode, header};
use percent_encoding::{NON_ALPHANUMERIC, percent_encode};

use super::error::GatewayError;
use super::{Target, conditional, describe, file, not_modified};

/// Maximum number of entries in a list; a note says that there are more.
const MOST: usize = 10_000;
/// Bytes of a list that are sent together.
const PIECE: usize = 32 << 10;

/// Serves a folder.
pub(super) async fn serve(
    blocks: &Blocks,
    target: &Target,
    request: &Parts,
) -> Result<Response, GatewayError> {
    match resolve::below(blocks, Namespace::Ipfs, &target.cid, &[&b"index.html"[..]]).await {
        Ok(index) => {
            if !request.uri.path().ends_with('/') {
                return redirect(request);
            }
            let reader = FileReader::open(blocks, &index.cid).await?;
            let index = Target {
                path: target.path.clone(),
                roots: target.roots.clone(),
                validity: target.validity,
                cid: index.cid,
            };
            let reply = file::Reply {
                name: "index.html".to_owned(),
                attachment: false,
                given_name: None,
            };
            file::serve(reader, &index, reply, &request.headers).await
        }
        Err(ResolveError::NoLink { .. }) => list(blocks, target, request).await,
        Err(error) => Err(error.into()),
    }
}

/// Redirects to the same path with a slash, which the links of the page are relative to.
fn redirect(request: &Parts) -> Result<Response, GatewayError> {
    let query = request
        .uri
        .query()
        .map(|query| format!("?{query}"))
        .unwrap_or_default();
    let to = HeaderValue::from_str(&format!("{}/{query}", request.uri.path()))
        .map_err(|_| GatewayError::Bad("the path cannot be redirected to".to_owned()))?;
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::MOVED_PERMANENTLY;
    response.headers_mut().insert(header::LOCATION, to);
    Ok(response)
}

async fn list(blocks: &Blocks, target: &Target, request: &Parts) -> Result<Response, GatewayError> {
    let etag = format!("\"DirIndex-1-{}\"", target.cid);
    if conditional::is_known(&request.headers, &etag) {
        return Ok(not_modified(target, &etag));
    }
    let body = if request.method == Method::HEAD {
        Body::empty()
    } else {
        let page = Page {
            entries: Lister::open(blocks, &target.cid, false).await?,
            shown: 0,
            next: Some(head(target, request.uri.path().ends_with('/'))),
        };
        // An error before the first piece has a status of its own.
        match page.piece().await? {
            None => Body::empty(),
            Some((first, page)) => {
                let first = futures_util::stream::iter([Ok(first)]);
                let rest = futures_util::stream::try_unfold(page, Page::piece);
                Body::from_stream(first.chain(rest))
            }
        }
    };
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    describe(headers, target, &etag);
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static("public, max-age=604800, stale-while-revalidate=2678400"),
    );
    // A list contains untrusted names: no script may run on it.
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'"),
    );
    Ok(response)
}

/// The page up to its first entry. Links are relative to the folder: they are as long as names, however long its path is.
fn head(target: &Target, ends_with_slash: bool) -> String {
    let path = target.path.as_bytes();
    let path = path.strip_suffix(b"/").unwrap_or(path);
    let title = html(&to_text(path));
    let mut page = String::new();
    let _ = write!(
        page,
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title>\
         <style>body{{font:15px system-ui,sans-serif;margin:2em auto;max-width:60em;padding:0 1em}}table{{border-collapse:collapse;width:100%}}\
         td{{padding:.2em .6em;border-bottom:1px solid #8884}}td+td{{text-align:right;font-variant-numeric:tabular-nums}}</style>"
    );
    if !ends_with_slash {
        let name = path.rsplit(|&byte| byte == b'/').next().unwrap_or_default();
        let _ = write!(page, "<base href=\"{}/\">", link(name));
    }
    let _ = write!(page, "</head>\n<body><h1>{title}</h1>\n<table>\n");
    if target.path.names().next().is_some() {
        page.push_str("<tr><td><a href=\"..\">..</a></td><td></td></tr>\n");
    }
    page
}

/// A list that is being written.
struct Page {
    entries: Lister,
    shown: usize,
    /// Text that goes out with the next piece; `None` after the end.
    next: Option<String>,
}

impl Page {
    /// The next piece. The body is cut off when the directory cannot be read further.
    async fn piece(mut self) -> Result<Option<(Bytes, Self)>, NodeError> {
        let Some(mut page) = self.next.take() else {
            return Ok(None);
        };
        while page.len() < PIECE {
            let entry = self.entries.next().await?;
            let more = entry.is_some();
            let Some(entry) = entry.filter(|_| self.shown < MOST) else {
                if more {
                    let _ = write!(
                        page,
                        "<tr><td>… and more than {MOST} entries: ask for them with <code>ls</code></td><td></td></tr>"
                    );
                }
                page.push_str("</table></body></html>\n");
                return Ok(Some((page.into(), self)));
            };
            self.shown += 1;
            let _ = writeln!(
                page,
                "<tr><td><a href=\"{}\">{}</a></td><td>{}</td></tr>",
                link(&entry.name),
                html(&entry.name.to_text()),
                html(&entry.cid.to_string())
            );
        }
        self.next = Some(String::new());
        Ok(Some((page.into(), self)))
    }
}

/// A name as a relative link.
fn link(name: &[u8]) -> impl std::fmt::Display {
    percent_encode(name, NON_ALPHANUMERIC)
}

/// Text with HTML escapes.
fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    #[test]
    fn names_cannot_break_out() {
        assert_eq!(
            super::html("<script>\"&'"),
            "&lt;script&gt;&quot;&amp;&#39;"
        );
    }
}
