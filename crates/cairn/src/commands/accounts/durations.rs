//! Lifetimes on the command line.

use std::time::Duration;

use cairn_node::config::GoDuration;

use crate::error::Problem;

/// Reads a lifetime such as `30d`, `2w`, `1y` or `12h30m`.
pub(super) fn parse(text: &str) -> Result<Duration, Problem> {
    const DAY: u64 = 86_400;
    let unit = match text.chars().last() {
        Some('d') => Some(DAY),
        Some('w') => Some(7 * DAY),
        Some('y') => Some(365 * DAY),
        _ => None,
    };
    let parsed = match unit {
        Some(unit) => text
            .get(..text.len() - 1)
            .and_then(|number| number.parse::<u64>().ok())
            .and_then(|number| number.checked_mul(unit))
            .map(Duration::from_secs),
        None => text.parse::<GoDuration>().ok().map(GoDuration::to_std),
    };
    parsed
        .filter(|lifetime| !lifetime.is_zero())
        .ok_or_else(|| {
            Problem::usage(format!("invalid lifetime {text:?}"))
                .hint("expected a number and a unit, such as `30d`, `2w`, `1y` or `12h30m`")
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lifetimes_have_units_up_to_years() {
        for (text, seconds) in [
            ("30d", 2_592_000),
            ("2w", 1_209_600),
            ("1y", 31_536_000),
            ("1h30m", 5_400),
            ("90s", 90),
        ] {
            assert_eq!(parse(text).unwrap(), Duration::from_secs(seconds), "{text}");
        }
        for text in [
            "",
            "d",
            "30",
            "-1d",
            "0d",
            "0s",
            "1.5d",
            "99999999999999999999y",
            "30é",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
