//! Byte ranges of requests.
//!
//! Spec: RFC 9110 §14.

use std::ops::Range;

/// Maximum number of ranges of one request. With more, the whole is sent, as the RFC allows: many small ranges cost more
/// than they are worth.
const MAX_RANGES: usize = 64;

/// The parts of some content that a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RequestedRange {
    /// All of it.
    Whole,
    /// These bytes, at least one in each part.
    Parts(Vec<Range<u64>>),
    /// Nothing that exists.
    Unsatisfiable,
}

/// Parses a `Range` header for content of `size` bytes. An invalid header is ignored, and so is one that asks for more than
/// all of it.
pub(super) fn parse(header: Option<&str>, size: u64) -> RequestedRange {
    let Some(ranges) = header.and_then(|text| text.trim().strip_prefix("bytes=")) else {
        return RequestedRange::Whole;
    };
    let mut parts = Vec::new();
    let mut count = 0;
    for range in ranges.split(',').map(str::trim) {
        if range.is_empty() {
            continue;
        }
        count += 1;
        match one(range, size) {
            None => return RequestedRange::Whole,
            Some(part) if part.is_empty() => {}
            Some(part) => parts.push(part),
        }
        if count > MAX_RANGES {
            return RequestedRange::Whole;
        }
    }
    if count == 0 || size == 0 {
        return RequestedRange::Whole;
    }
    if parts.is_empty() {
        return RequestedRange::Unsatisfiable;
    }
    let asked = parts
        .iter()
        .fold(0u64, |sum, part| sum.saturating_add(part.end - part.start));
    if asked > size {
        return RequestedRange::Whole;
    }
    RequestedRange::Parts(parts)
}

/// One range, empty if none of it exists; `None` if it is invalid.
fn one(range: &str, size: u64) -> Option<Range<u64>> {
    let (from, to) = range.split_once('-')?;
    let (from, to) = (from.trim(), to.trim());
    let digits = |text: &str| {
        let all = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        // A number that is too large is beyond every end.
        all.then(|| text.parse().unwrap_or(u64::MAX))
    };
    if from.is_empty() {
        let last: u64 = digits(to)?;
        return Some(size.saturating_sub(last)..size);
    }
    let from = digits(from)?;
    let end = match to {
        "" => size,
        to => {
            let to = digits(to)?;
            if to < from {
                return None;
            }
            to.saturating_add(1).min(size)
        }
    };
    Some(from.min(end)..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_ranges() {
        let part = |range| RequestedRange::Parts(vec![range]);
        for (header, expected) in [
            ("bytes=0-9", part(0..10)),
            ("bytes=90-", part(90..100)),
            ("bytes=90-200", part(90..100)),
            ("bytes=90-99999999999999999999999", part(90..100)),
            ("bytes=-5", part(95..100)),
            ("bytes=-500", part(0..100)),
            ("bytes=100-", RequestedRange::Unsatisfiable),
            ("bytes=-0", RequestedRange::Unsatisfiable),
            ("bytes=5-4", RequestedRange::Whole),
            ("bytes=0-1, 3-4", RequestedRange::Parts(vec![0..2, 3..5])),
            ("bytes=0-1,200-300", part(0..2)),
            ("bytes=0-99,0-0", RequestedRange::Whole),
            ("bytes=0-1,x", RequestedRange::Whole),
            ("lines=1-2", RequestedRange::Whole),
            ("bytes=x-y", RequestedRange::Whole),
            ("bytes=+1-2", RequestedRange::Whole),
            ("bytes=", RequestedRange::Whole),
        ] {
            assert_eq!(parse(Some(header), 100), expected, "{header}");
        }
        assert_eq!(parse(None, 100), RequestedRange::Whole);
        let many = format!("bytes={}", "0-0,".repeat(MAX_RANGES + 1));
        assert_eq!(parse(Some(&many), 100), RequestedRange::Whole);
    }

    #[test]
    fn an_empty_file_is_sent_whole() {
        for header in ["bytes=0-1048575", "bytes=0-", "bytes=-1"] {
            assert_eq!(parse(Some(header), 0), RequestedRange::Whole, "{header}");
        }
    }
}
