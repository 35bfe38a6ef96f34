//! Times of rows as text.

use cairn_primitives::rfc3339;
use cairn_store::shared::Millis;

/// The first and the last time of the years 0 to 9999, which RFC 3339 has.
const YEARS: (Millis, Millis) = (-62_167_219_200_000, 253_402_300_799_999);

/// A time as RFC 3339 with three decimals; one outside the years 0 to 9999 as the nearest time in them.
#[must_use]
pub fn format_time(time: Millis) -> String {
    let time = time.clamp(YEARS.0, YEARS.1);
    let (seconds, millis) = (time.div_euclid(1_000), time.rem_euclid(1_000));
    // Whole seconds have no decimals and end with `Z`.
    let text = rfc3339::format(seconds, 0).unwrap_or_default();
    format!("{}.{millis:03}Z", text.trim_end_matches('Z'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_three_decimals() {
        for (millis, text) in [
            (1_700_000_000_000, "2023-11-14T22:13:20.000Z"),
            (1_700_000_000_007, "2023-11-14T22:13:20.007Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
            (i64::MAX, "9999-12-31T23:59:59.999Z"),
            (i64::MIN, "0000-01-01T00:00:00.000Z"),
        ] {
            assert_eq!(format_time(millis), text, "{millis}");
        }
    }
}
