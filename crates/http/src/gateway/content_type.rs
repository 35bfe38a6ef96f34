//! The media type of a file: by its name, otherwise by its first bytes.

/// Number of bytes that are inspected.
const LOOKED_AT: usize = 512;

/// The media type of a file with this name; `None` if the name does not say.
pub(super) fn of_name(name: &str) -> Option<String> {
    let (_, extension) = name.rsplit_once('.')?;
    mime_guess::from_ext(extension)
        .first_raw()
        .map(with_charset)
}

/// The media type of a file that begins with these bytes.
pub(super) fn of_bytes(start: &[u8]) -> String {
    let is_whole = start.len() <= LOOKED_AT;
    let start = start.get(..start.len().min(LOOKED_AT)).unwrap_or_default();
    // Before what else it is: SVG begins as any XML does.
    if is_svg(start.trim_ascii_start()) {
        return "image/svg+xml".to_owned();
    }
    if let Some(kind) = infer::get(start) {
        return with_charset(kind.mime_type());
    }
    let markup = start.trim_ascii_start();
    if is_html(markup) {
        return "text/html".to_owned();
    }
    if is_json(start, is_whole) {
        return "application/json".to_owned();
    }
    if is_text(start) {
        "text/plain; charset=utf-8".to_owned()
    } else {
        "application/octet-stream".to_owned()
    }
}

/// Whether markup is HTML, by the tags of <https://mimesniff.spec.whatwg.org/#identifying-a-resource-with-an-unknown-mime-type>
/// and that of a base URL.
fn is_html(markup: &[u8]) -> bool {
    const TAGS: [&[u8]; 18] = [
        b"<!doctype html",
        b"<html",
        b"<head",
        b"<script",
        b"<iframe",
        b"<h1",
        b"<div",
        b"<font",
        b"<table",
        b"<a",
        b"<style",
        b"<title",
        b"<b",
        b"<body",
        b"<br",
        b"<p",
        b"<base",
        b"<meta",
    ];
    markup.starts_with(b"<!--")
        || TAGS.iter().any(|tag| {
            let head = markup.get(..tag.len());
            let ends = markup
                .get(tag.len())
                .is_none_or(|byte| byte.is_ascii_whitespace() || *byte == b'>');
            head.is_some_and(|head| head.eq_ignore_ascii_case(tag)) && ends
        })
}

/// Whether markup is an SVG image, after what may stand before its element.
fn is_svg(markup: &[u8]) -> bool {
    let begins = markup.starts_with(b"<svg")
        || markup.starts_with(b"<?xml")
        || markup.starts_with(b"<!DOCTYPE svg");
    begins && markup.windows(4).any(|part| part == b"<svg")
}

/// Whether text is a JSON object or list, or the beginning of one.
fn is_json(start: &[u8], is_whole: bool) -> bool {
    let text = start.trim_ascii();
    matches!(text.first(), Some(b'{' | b'['))
        && match serde_json::from_slice::<serde::de::IgnoredAny>(text) {
            Ok(_) => true,
            Err(error) => !is_whole && error.is_eof(),
        }
}

/// With the charset of text that has none. HTML names its own, which that of a header would override.
fn with_charset(media_type: &str) -> String {
    if media_type.starts_with("text/") && media_type != "text/html" {
        format!("{media_type}; charset=utf-8")
    } else {
        media_type.to_owned()
    }
}

/// Whether bytes are UTF-8 text; the last character may be incomplete.
fn is_text(start: &[u8]) -> bool {
    let whole = match std::str::from_utf8(start) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none() && error.valid_up_to() + 4 > start.len(),
    };
    whole
        && !start
            .iter()
            .any(|byte| matches!(byte, 0..=8 | 11 | 14..=26 | 28..=31))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_bytes_tell_types() {
        assert_eq!(of_name("a.html").as_deref(), Some("text/html"));
        assert_eq!(of_name("a.svg").as_deref(), Some("image/svg+xml"));
        assert_eq!(of_name("a"), None);
        assert_eq!(of_name("a.unknown-extension"), None);
        for (bytes, expected) in [
            (&b"hello\n"[..], "text/plain; charset=utf-8"),
            (b"\x89PNG\r\n\x1a\n0000", "image/png"),
            (b"  <!DOCTYPE html>", "text/html"),
            (b"<p>x", "text/html"),
            (b"<pre>", "text/plain; charset=utf-8"),
            (
                b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>",
                "image/svg+xml",
            ),
            (b"<?xml version=\"1.0\"?><svg/>", "image/svg+xml"),
            (b"{\"a\": [1]}\n", "application/json"),
            (b"{a}", "text/plain; charset=utf-8"),
            (&[0, 1, 2], "application/octet-stream"),
            ("grüß".as_bytes(), "text/plain; charset=utf-8"),
        ] {
            assert_eq!(of_bytes(bytes), expected, "{bytes:?}");
        }
    }
}
