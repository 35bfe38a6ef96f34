//! The page of a directory, made while it is sent.

use std::fmt::Write as _;

use bytes::Bytes;
use cairn_dag::NodeError;
use cairn_dag::list::{EntryType, Listed, Lister};
use cairn_primitives::bytestring::to_text;

use super::super::response::segment;
use super::super::site::Origin;
use super::super::target::Target;
use super::{MAX_PREFIX, begin, crumbs, end, html, link_of, short, size};

/// Maximum number of entries on a page; a note says that there are more.
const MAX_ENTRIES: usize = 50_000;
/// Bytes of a page that are sent together.
const PIECE: usize = 32 << 10;
/// Maximum size of images that are shown beside their names, in bytes.
const MAX_PREVIEW: u64 = 8 << 20;
/// Maximum number of such images on one page. Browsers fetch only those in view.
const MAX_PREVIEWS: usize = 2000;

/// A page that is being written.
pub(in super::super) struct Page {
    entries: Lister,
    origin: Origin,
    /// What links to entries begin with: the path of the directory with a slash, or nothing for relative links.
    prefix: String,
    shown: usize,
    previews: usize,
    /// Text that goes out with the next piece; `None` after the end.
    next: Option<String>,
}

impl Page {
    /// Begins the page of a directory. `url_path` is the path of the request, percent-encoded, with its final slash.
    pub(in super::super) fn new(
        entries: Lister,
        target: &Target,
        origin: &Origin,
        url_path: &str,
        tree_size: u64,
    ) -> Self {
        let prefix = normal(url_path);
        let prefix = if prefix.len() > MAX_PREFIX {
            String::new()
        } else {
            prefix
        };
        let page = head(target, origin, &prefix, tree_size);
        Self {
            entries,
            origin: origin.clone(),
            prefix,
            shown: 0,
            previews: 0,
            next: Some(page),
        }
    }

    /// The next piece. The body is cut off when the directory cannot be read further.
    pub(in super::super) async fn piece(mut self) -> Result<Option<(Bytes, Self)>, NodeError> {
        let Some(mut page) = self.next.take() else {
            return Ok(None);
        };
        while page.len() < PIECE {
            let entry = self.entries.next().await?;
            let more = entry.is_some();
            let Some(entry) = entry.filter(|_| self.shown < MAX_ENTRIES) else {
                if more {
                    let _ = write!(
                        page,
                        "<tr><td class=\"i\"></td><td>… and more: a page has {MAX_ENTRIES} entries, and <code>ls</code> has all</td><td class=\"h\"></td><td class=\"s\"></td></tr>"
                    );
                } else if self.shown == 0 {
                    page.push_str("<tr><td class=\"i\"></td><td class=\"n\">This directory is empty.</td><td class=\"h\"></td><td class=\"s\"></td></tr>\n");
                }
                page.push_str("</tbody></table></div>");
                page.push_str(&end());
                return Ok(Some((page.into(), self)));
            };
            self.shown += 1;
            self.row(&entry, &mut page);
        }
        self.next = Some(String::new());
        Ok(Some((page.into(), self)))
    }

    fn row(&mut self, entry: &Listed, page: &mut String) {
        let name = to_text(&entry.name);
        let link = segment(&entry.name);
        let (prefix, link) = (&self.prefix, link.to_string());
        let is_preview = is_image(&name)
            && entry.kind != EntryType::Directory
            && entry.size <= MAX_PREVIEW
            && self.previews < MAX_PREVIEWS;
        page.push_str("<tr><td class=\"i\">");
        if is_preview {
            self.previews += 1;
            let _ = write!(
                page,
                "<img loading=\"lazy\" alt=\"\" width=\"36\" height=\"36\" src=\"{prefix}{link}\">"
            );
        } else {
            page.push_str(icon(entry, &name));
        }
        let cid = entry.cid.to_string();
        // Escaped twice, as Kubo does and its conformance suite expects.
        let filename = format!("?filename={}", link.replace('%', "%25"));
        let block = link_of(&cid, &self.origin, &filename);
        let _ = writeln!(
            page,
            "</td><td class=\"n\"><a href=\"{prefix}{link}\">{}</a></td><td class=\"h\"><a class=\"ipfs-hash\" translate=\"no\" {block}>{}</a><button type=\"button\" value=\"{cid}\" title=\"Copy the CID\">⧉</button></td><td class=\"s\">{}</td></tr>",
            html(&name),
            short(&cid),
            size(entry.size)
        );
    }
}

/// The page up to its first entry.
fn head(target: &Target, origin: &Origin, prefix: &str, tree_size: u64) -> String {
    let path = target.path.as_bytes();
    let path = path.strip_suffix(b"/").unwrap_or(path);
    let cid = target.cid().to_string();
    let mut page = begin(&format!("Index of {}", to_text(path)));
    let _ = write!(
        page,
        "<h1><small>Index of</small>{}</h1>\n<p class=\"about\"><span>CID <code translate=\"no\">{cid}</code><button type=\"button\" value=\"{cid}\" title=\"Copy the CID\">⧉</button></span><span>{} with everything below</span><span>Download as <a href=\"?format=tar\" download>tar</a> or <a href=\"?format=car\" download>CAR</a></span></p>\n<div class=\"card\"><table><colgroup><col class=\"i\"><col><col class=\"h\"><col class=\"s\"></colgroup><tbody>\n",
        crumbs(&target.path, origin),
        size(tree_size)
    );
    if target.path.names().next().is_some() {
        let _ = writeln!(
            page,
            "<tr><td class=\"i\"><b class=\"u\"></b></td><td class=\"n\"><a href=\"{prefix}..\">..</a></td><td class=\"h\"></td><td class=\"s\"></td></tr>"
        );
    }
    page
}

/// A path of a URL in one spelling: what must be escaped in it, and nothing else.
fn normal(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for name in path.split('/').filter(|name| !name.is_empty()) {
        out.push('/');
        let bytes: Vec<u8> = percent_encoding::percent_decode_str(name).collect();
        out.push_str(&segment(&bytes).to_string());
    }
    out.push('/');
    out
}

/// An icon, which the style draws.
fn icon(entry: &Listed, name: &str) -> &'static str {
    match entry.kind {
        EntryType::Directory => "<b class=\"d\"></b>",
        EntryType::Symlink => "<b class=\"l\"></b>",
        EntryType::Unknown if !name.contains('.') => "",
        _ => match mime_guess::from_path(name).first_raw() {
            Some(kind) if kind.starts_with("image/") => "<b class=\"p\"></b>",
            Some(kind) if kind.starts_with("video/") || kind.starts_with("audio/") => {
                "<b class=\"m\"></b>"
            }
            _ => "<b class=\"f\"></b>",
        },
    }
}

/// Whether browsers show a file of this name as an image.
fn is_image(name: &str) -> bool {
    let extension = name.rsplit_once('.').map(|(_, extension)| extension);
    extension.is_some_and(|extension| {
        [
            "png", "jpg", "jpeg", "gif", "webp", "avif", "svg", "bmp", "ico",
        ]
        .iter()
        .any(|known| extension.eq_ignore_ascii_case(known))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_have_one_spelling() {
        assert_eq!(normal("/ą/b%20c/%3c/"), "/%C4%85/b%20c/%3C/");
        assert_eq!(normal("/"), "/");
    }

    #[test]
    fn images_are_known_by_their_names() {
        assert!(is_image("a.PNG") && is_image("b.c.svg"));
        assert!(!is_image("png") && !is_image("a.html"));
    }
}
