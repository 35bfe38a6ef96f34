//! The dates of a certificate: <https://www.rfc-editor.org/rfc/rfc5280#section-4.1>.

use jiff::civil::DateTime;

/// From when to when a certificate is valid, in seconds since 1970; a time before then is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Validity {
    pub(super) not_before: u64,
    pub(super) not_after: u64,
}

const INTEGER: u8 = 0x02;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
/// The version, which comes first where there is one.
const VERSION: u8 = 0xa0;

impl Validity {
    /// Reads it from a certificate in DER; `None` where that is not one.
    pub(super) fn of(certificate: &[u8]) -> Option<Self> {
        let mut outer = DerReader(certificate);
        let mut signed = DerReader(DerReader(outer.take(SEQUENCE)?).take(SEQUENCE)?);
        if signed.0.first() == Some(&VERSION) {
            signed.take(VERSION)?;
        }
        signed.take(INTEGER)?;
        // The signature's algorithm and the issuer.
        signed.take(SEQUENCE)?;
        signed.take(SEQUENCE)?;
        let mut dates = DerReader(signed.take(SEQUENCE)?);
        Some(Self {
            not_before: dates.time()?,
            not_after: dates.time()?,
        })
    }
}

/// What is left to read of an encoding.
struct DerReader<'a>(&'a [u8]);

impl<'a> DerReader<'a> {
    /// The content of the next value, which has to have this tag.
    fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        let (found, rest) = self.0.split_first()?;
        let (first, rest) = rest.split_first()?;
        let (length, rest) = match usize::from(*first) {
            short @ 0..=0x7f => (short, rest),
            // Four bytes of length are more than any certificate has.
            long @ 0x81..=0x84 => {
                let (bytes, rest) = rest.split_at_checked(long - 0x80)?;
                let length = bytes
                    .iter()
                    .fold(0_usize, |length, byte| length << 8 | usize::from(*byte));
                (length, rest)
            }
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        (*found == tag).then_some(content)
    }

    /// The next value, which has to be a time.
    fn time(&mut self) -> Option<u64> {
        let generalized = match *self.0.first()? {
            UTC_TIME => false,
            GENERALIZED_TIME => true,
            _ => return None,
        };
        let text = self.take(if generalized {
            GENERALIZED_TIME
        } else {
            UTC_TIME
        })?;
        seconds(text, generalized)
    }
}

/// `YYMMDDHHMMSSZ`, or with a year of four digits, in seconds since 1970.
fn seconds(text: &[u8], generalized: bool) -> Option<u64> {
    let digits = text.strip_suffix(b"Z")?;
    if digits.len() != if generalized { 14 } else { 12 } || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let (year, rest) = digits.split_at_checked(digits.len() - 10)?;
    let number = |digits: &[u8]| {
        digits
            .iter()
            .fold(0_i16, |number, digit| number * 10 + i16::from(digit - b'0'))
    };
    let year = match number(year) {
        // Two digits mean the years from 1950 to 2049.
        year if generalized => year,
        year @ 50.. => 1900 + year,
        year => 2000 + year,
    };
    let mut parts = rest
        .chunks(2)
        .filter_map(|digits| i8::try_from(number(digits)).ok());
    let mut part = || parts.next();
    let (month, day, hour, minute, second) = (part()?, part()?, part()?, part()?, part()?);
    // A leap second counts as the second before it.
    let second = if second == 60 { 59 } else { second };
    let time = DateTime::new(year, month, day, hour, minute, second, 0).ok()?;
    let since = time.duration_since(DateTime::constant(1970, 1, 1, 0, 0, 0, 0));
    Some(u64::try_from(since.as_secs()).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read() {
        for (text, generalized, expected) in [
            ("700101000000Z", false, Some(0)),
            ("490101000000Z", false, Some(2_493_072_000)),
            ("500101000000Z", false, Some(0)),
            ("240229123456Z", false, Some(1_709_210_096)),
            ("20240229123456Z", true, Some(1_709_210_096)),
            ("99991231235959Z", true, Some(253_402_300_799)),
            ("20241301000000Z", true, None),
            ("20230229000000Z", true, None),
            ("20161231235960Z", true, Some(1_483_228_799)),
            ("240229123456", false, None),
            ("2402291234Z", false, None),
            ("24022912345xZ", false, None),
            ("", false, None),
        ] {
            assert_eq!(seconds(text.as_bytes(), generalized), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_certificate_is_none() {
        for bytes in [
            &b""[..],
            b"\x30",
            b"\x30\x84\xff\xff\xff\xff",
            b"\x30\x02\x30\x00",
            b"\x30\x80\x00\x00",
            b"hello",
        ] {
            assert_eq!(Validity::of(bytes), None);
        }
    }
}
