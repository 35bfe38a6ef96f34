//! Byte ranges of requests.
//!
//! Spec: RFC 9110 §14. One range is answered as asked; several are answered with the whole, as the spec allows.

/// The part of a file that a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RequestedRange {
    /// All of it.
    Whole,
    /// This many bytes from this offset; at least one.
    Part {
        /// Offset in bytes.
        offset: u64,
        /// Count of bytes.
        length: u64,
    },
    /// Nothing that exists.
    Unsatisfiable,
}

/// Parses a `Range` header for a file of `size` bytes. An invalid header is ignored.
pub(crate) fn parse(header: Option<&str>, size: u64) -> RequestedRange {
    let Some(ranges) = header.and_then(|text| text.trim().strip_prefix("bytes=")) else {
        return RequestedRange::Whole;
    };
    if ranges.contains(',') {
        return RequestedRange::Whole;
    }
    let Some((from, to)) = ranges.split_once('-') else {
        return RequestedRange::Whole;
    };
    match (
        from.trim().parse::<u64>(),
        to.trim().parse::<u64>(),
        to.trim().is_empty(),
    ) {
        (Ok(from), _, true) => part(from, size.saturating_sub(from), size),
        (Ok(from), Ok(to), _) if to >= from => part(
            from,
            (to - from).saturating_add(1).min(size.saturating_sub(from)),
            size,
        ),
        (Err(_), Ok(last), _) if from.trim().is_empty() => match last.min(size) {
            0 => RequestedRange::Unsatisfiable,
            last => RequestedRange::Part {
                offset: size - last,
                length: last,
            },
        },
        _ => RequestedRange::Whole,
    }
}

fn part(offset: u64, length: u64, size: u64) -> RequestedRange {
    if offset >= size {
        RequestedRange::Unsatisfiable
    } else {
        RequestedRange::Part { offset, length }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_ranges() {
        let part = |offset, length| RequestedRange::Part { offset, length };
        for (header, requested_format) in [
            ("bytes=0-9", part(0, 10)),
            ("bytes=90-", part(90, 10)),
            ("bytes=90-200", part(90, 10)),
            ("bytes=-5", part(95, 5)),
            ("bytes=-500", part(0, 100)),
            ("bytes=100-", RequestedRange::Unsatisfiable),
            ("bytes=-0", RequestedRange::Unsatisfiable),
            ("bytes=5-4", RequestedRange::Whole),
            ("bytes=0-1,3-4", RequestedRange::Whole),
            ("lines=1-2", RequestedRange::Whole),
            ("bytes=x-y", RequestedRange::Whole),
        ] {
            assert_eq!(parse(Some(header), 100), requested_format, "{header}");
        }
        assert_eq!(parse(None, 100), RequestedRange::Whole);
    }
}
