//! Times as Go's JSON writes them.

use std::time::SystemTime;

use jiff::Timestamp;

/// Go's zero time, which means none.
pub(super) const NONE: &str = "0001-01-01T00:00:00Z";

/// A time of the system clock in RFC 3339, in UTC; `None` if there is none or it is outside the years -9999 to 9999.
pub(super) fn of_system(time: Option<SystemTime>) -> Option<String> {
    Some(Timestamp::try_from(time?).ok()?.to_string())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn times_have_as_many_digits_of_a_second_as_needed() {
        let at = |millis| of_system(Some(UNIX_EPOCH + Duration::from_millis(millis)));
        assert_eq!(at(0).as_deref(), Some("1970-01-01T00:00:00Z"));
        assert_eq!(
            at(1_700_000_000_500).as_deref(),
            Some("2023-11-14T22:13:20.5Z")
        );
        assert_eq!(of_system(None), None);
    }
}
