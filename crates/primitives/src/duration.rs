//! Durations as text, in Go's notation.
//!
//! Reference: <https://pkg.go.dev/time#Duration.String>

use std::fmt::Write as _;

const SECOND: u64 = 1_000_000_000;

/// Writes a duration of so many nanoseconds.
///
/// ```
/// use cairn_primitives::duration;
/// assert_eq!(duration::format(5_400_000_000_000), "1h30m0s");
/// assert_eq!(duration::format(1_500_000), "1.5ms");
/// ```
#[must_use]
pub fn format(nanos: u64) -> String {
    let (scale, unit) = match nanos {
        0 => return "0s".to_owned(),
        1..1_000 => (1, "ns"),
        1_000..1_000_000 => (1_000, "\u{b5}s"),
        1_000_000..SECOND => (1_000_000, "ms"),
        _ => (SECOND, "s"),
    };
    let minutes = nanos / (60 * SECOND);
    let rest = nanos % (60 * SECOND);
    let mut out = String::new();
    if minutes >= 60 {
        let _ = write!(out, "{}h", minutes / 60);
    }
    if minutes > 0 {
        let _ = write!(out, "{}m", minutes % 60);
    }
    let _ = write!(out, "{}", rest / scale);
    let fraction = rest % scale;
    if fraction > 0 {
        let width = scale.ilog10() as usize;
        let digits = format!("{fraction:0width$}");
        let _ = write!(out, ".{}", digits.trim_end_matches('0'));
    }
    out + unit
}
