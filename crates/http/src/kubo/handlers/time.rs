//! Times as Go writes them.

use cairn_primitives::rfc3339;
use cairn_primitives::unixfs::node::Mtime;

/// Go's zero time, which stands for none.
const NONE: &str = "0001-01-01T00:00:00Z";

/// RFC 3339 in UTC, with as many digits of a second as there are.
pub(super) fn rfc3339(time: Option<Mtime>) -> String {
    time.and_then(|time| rfc3339::format(time.seconds, time.nanos.unwrap_or(0)))
        .unwrap_or_else(|| NONE.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_known_times() {
        let at = |seconds, nanos| rfc3339(Some(Mtime { seconds, nanos }));
        assert_eq!(at(0, None), "1970-01-01T00:00:00Z");
        assert_eq!(
            at(1_700_000_000, Some(500_000_000)),
            "2023-11-14T22:13:20.5Z"
        );
        assert_eq!(at(951_782_400, None), "2000-02-29T00:00:00Z");
        assert_eq!(at(-1, None), "1969-12-31T23:59:59Z");
        assert_eq!(at(i64::MAX, None), NONE);
        assert_eq!(rfc3339(None), NONE);
    }
}
