//! The page of a value: a block of DAG-JSON or DAG-CBOR.

use std::fmt::Write as _;

use bytes::Bytes;
use cairn_primitives::ipld::Ipld;
use cairn_primitives::{Codec, codec};

use super::super::site::Origin;
use super::super::target::Target;
use super::{begin, crumbs, end, html, link_of, size};

/// Bytes of a preview after which it ends.
const MAX_PREVIEW: usize = 256 << 10;
/// Depth of values that a preview shows.
const MAX_DEPTH: usize = 64;
/// Characters of a text, and bytes of binary data, that a preview shows.
const MAX_TEXT: usize = 2048;

/// The page.
pub(in super::super) fn page(
    target: &Target,
    origin: &Origin,
    data: &Bytes,
    converts: bool,
) -> String {
    let cid = target.cid();
    let name = cid.codec().name().unwrap_or("block");
    let text = cid.to_string();
    let mut page = begin(&format!("{name} {text}"));
    let own = if cid.codec() == Codec::DAG_JSON {
        "dag-json"
    } else {
        "dag-cbor"
    };
    let _ = write!(
        page,
        "<h1><small>{name} block</small>{}</h1>\n<p class=\"about\"><span>CID <code translate=\"no\">{text}</code><button type=\"button\" value=\"{text}\" title=\"Copy the CID\">⧉</button></span><span>{}</span><span>Download as <a href=\"?format={own}\" download>{own}</a>, <a href=\"?format=raw\" download>raw block</a> or <a href=\"?format=car\" download>CAR</a>",
        crumbs(&target.path, origin),
        size(data.len() as u64)
    );
    if converts {
        let other = if own == "dag-json" {
            "dag-cbor"
        } else {
            "dag-json"
        };
        let _ = write!(
            page,
            ", converted as <a href=\"?format={other}\" download>{other}</a>"
        );
    }
    page.push_str("</span></p>\n<div class=\"card\"><pre>");
    match codec::decode(cid.codec(), data) {
        Ok(value) => {
            let end = page.len() + MAX_PREVIEW;
            let mut preview = Preview {
                page: &mut page,
                end,
                origin,
            };
            if preview.value(&value, 0).is_none() {
                page.push_str("\n… the rest is not shown");
            }
        }
        Err(error) => {
            let _ = write!(
                page,
                "{}",
                html(&format!("This block cannot be read: {error}"))
            );
        }
    }
    page.push_str("</pre></div>");
    page.push_str(&end());
    page
}

struct Preview<'a> {
    page: &'a mut String,
    end: usize,
    origin: &'a Origin,
}

impl Preview<'_> {
    /// Writes a value; `None` where the preview ends within it.
    fn value(&mut self, value: &Ipld, depth: usize) -> Option<()> {
        if self.page.len() > self.end {
            return None;
        }
        if depth > MAX_DEPTH {
            self.page.push('…');
            return Some(());
        }
        match value {
            Ipld::Null => self.page.push_str("null"),
            Ipld::Bool(value) => self.page.push_str(if *value { "true" } else { "false" }),
            Ipld::Integer(number) => drop(write!(self.page, "{number}")),
            Ipld::Float(number) => drop(write!(self.page, "{number:?}")),
            Ipld::String(text) => self.text(&text.to_text()),
            Ipld::Bytes(bytes) => {
                let shown = bytes.get(..bytes.len().min(MAX_TEXT)).unwrap_or_default();
                let rest = if shown.len() < bytes.len() { "…" } else { "" };
                let hex = data_hex(shown);
                let _ = write!(self.page, "<i>{} bytes</i> {hex}{rest}", bytes.len());
            }
            Ipld::Link(cid) => {
                let cid = cid.to_string();
                let link = link_of(&cid, self.origin, "");
                let _ = write!(self.page, "<a {link}>{cid}</a>");
            }
            Ipld::List(items) if items.is_empty() => self.page.push_str("[]"),
            Ipld::Map(entries) if entries.is_empty() => self.page.push_str("{}"),
            Ipld::List(items) => {
                self.page.push_str("[\n");
                for item in items {
                    self.indent(depth + 1);
                    self.value(item, depth + 1)?;
                    self.page.push('\n');
                }
                self.indent(depth);
                self.page.push(']');
            }
            Ipld::Map(entries) => {
                self.page.push_str("{\n");
                for (key, value) in entries {
                    self.indent(depth + 1);
                    self.text(&key.to_text());
                    self.page.push_str(": ");
                    self.value(value, depth + 1)?;
                    self.page.push('\n');
                }
                self.indent(depth);
                self.page.push('}');
            }
        }
        Some(())
    }

    fn indent(&mut self, depth: usize) {
        for _ in 0..depth {
            self.page.push_str("  ");
        }
    }

    fn text(&mut self, text: &str) {
        let mut shown: String = text.chars().take(MAX_TEXT).collect();
        if shown.len() < text.len() {
            shown.push('…');
        }
        self.page.push_str(&html(&format!("{shown:?}")));
    }
}

fn data_hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn preview(value: &Ipld, end: usize) -> (String, bool) {
        let mut page = String::new();
        let origin = Origin::Path;
        let whole = Preview {
            page: &mut page,
            end,
            origin: &origin,
        }
        .value(value, 0);
        (page, whole.is_some())
    }

    #[test]
    fn values_are_shown_within_bounds() {
        let value = Ipld::Map(vec![
            ("<a>".into(), Ipld::List(vec![Ipld::Integer(1), Ipld::Null])),
            ("b".into(), Ipld::Bytes(Bytes::from_static(&[1, 255]))),
        ]);
        let (text, whole) = preview(&value, MAX_PREVIEW);
        assert!(whole);
        assert_eq!(
            text,
            "{\n  &quot;&lt;a&gt;&quot;: [\n    1\n    null\n  ]\n  &quot;b&quot;: <i>2 bytes</i> 01ff\n}"
        );
        let long = Ipld::List(vec![Ipld::Integer(7); 1000]);
        let (text, whole) = preview(&long, 100);
        assert!(!whole && text.len() < 200);
        let deep = (0..1000).fold(Ipld::Null, |value, _| Ipld::List(vec![value]));
        assert!(preview(&deep, MAX_PREVIEW).0.contains('…'));
    }
}
