//! The media type of a file: by its name, otherwise by its first bytes.

/// Number of bytes that are inspected.
pub(crate) const LOOKED_AT: usize = 512;

/// The media type of a file with this name that begins with these bytes.
pub(crate) fn of(name: &str, start: &[u8]) -> String {
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    if let Some(known) = mime_guess::from_ext(extension).first_raw() {
        return with_charset(known);
    }
    if let Some(kind) = infer::get(start) {
        return with_charset(kind.mime_type());
    }
    let markup = start.trim_ascii_start();
    let begins = |tag: &[u8]| {
        markup
            .get(..tag.len())
            .is_some_and(|head| head.eq_ignore_ascii_case(tag))
    };
    if [
        b"<!doctype html".as_slice(),
        b"<html",
        b"<head",
        b"<body",
        b"<script",
    ]
    .iter()
    .any(|tag| begins(tag))
    {
        return "text/html; charset=utf-8".to_owned();
    }
    if is_text(start) {
        "text/plain; charset=utf-8".to_owned()
    } else {
        "application/octet-stream".to_owned()
    }
}

fn with_charset(media_type: &str) -> String {
    if media_type.starts_with("text/") {
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
    fn names_beat_bytes() {
        assert_eq!(of("a.html", b"x"), "text/html; charset=utf-8");
        assert_eq!(of("a.svg", b"x"), "image/svg+xml");
        assert_eq!(of("a", b"hello\n"), "text/plain; charset=utf-8");
        assert_eq!(of("a", b"\x89PNG\r\n\x1a\n0000"), "image/png");
        assert_eq!(of("a", b"  <!DOCTYPE html>"), "text/html; charset=utf-8");
        assert_eq!(of("a", &[0, 1, 2]), "application/octet-stream");
        assert_eq!(of("a", "grüß".as_bytes()), "text/plain; charset=utf-8");
    }
}
