//! Finds the boundaries of a body, and what follows them.

/// Maximum length of white space after a boundary, in bytes.
const MAX_PADDING: usize = 256;

/// What follows a delimiter.
pub(super) enum Line {
    /// A boundary's line, with its end: another part follows.
    Next { length: usize },
    /// The line of the closing boundary.
    Last,
    /// Something else: it was no delimiter.
    Data,
}

/// What follows a delimiter, or `None` when more bytes are needed; `whole` says that no more will arrive.
pub(super) fn line_of(rest: &[u8], whole: bool) -> Option<Line> {
    let (last, rest, before) = match rest {
        [b'-', b'-', rest @ ..] => (true, rest, 2),
        [b'-'] | [] if !whole => return None,
        rest => (false, rest, 0),
    };
    let blank = rest
        .iter()
        .take(MAX_PADDING)
        .take_while(|byte| matches!(byte, b' ' | b'\t'))
        .count();
    let end = match rest.get(blank..).unwrap_or_default() {
        [b'\n', ..] => blank + 1,
        [b'\r', b'\n', ..] => blank + 2,
        [] | [b'\r'] if !whole => return None,
        [] | [b'\r'] if last => blank,
        _ => return Some(Line::Data),
    };
    Some(if last {
        Line::Last
    } else {
        Line::Next {
            length: before + end,
        }
    })
}

/// Where a header ends: behind its first empty line.
pub(super) fn end_of_header(held: &[u8]) -> Option<usize> {
    let mut start = 0;
    for end in memchr::memchr_iter(b'\n', held) {
        if matches!(held.get(start..end), Some(b"" | b"\r")) {
            return Some(end + 1);
        }
        start = end + 1;
    }
    None
}

/// Where, in a tail shorter than the delimiter, the delimiter may begin.
pub(super) fn possible_start(tail: &[u8], delimiter: &[u8]) -> Option<usize> {
    let first = delimiter.first().copied().unwrap_or_default();
    memchr::memchr_iter(first, tail)
        .find(|&at| tail.get(at..).is_some_and(|end| delimiter.starts_with(end)))
}
