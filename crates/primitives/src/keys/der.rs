//! The few forms of DER that keys are written in.
//!
//! Spec: ITU-T X.690, <https://www.itu.int/rec/T-REC-X.690>

pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const NULL: u8 = 0x05;
pub(super) const OID: u8 = 0x06;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const CONTEXT_0: u8 = 0xa0;
pub(super) const CONTEXT_1: u8 = 0xa1;

/// `1.2.840.113549.1.1.1`, RSA.
pub(super) const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
/// `1.2.840.10045.2.1`, keys on elliptic curves.
pub(super) const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
/// `1.2.840.10045.3.1.7`, the curve P-256.
pub(super) const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
/// `1.3.101.112`, Ed25519.
pub(super) const ED25519: &[u8] = &[0x2b, 0x65, 0x70];

/// Walks over values that stand behind each other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The values inside the one value that the bytes are, which has this tag.
    pub(super) fn inside(bytes: &'a [u8], tag: u8) -> Option<Self> {
        let mut outer = Self(bytes);
        let inner = outer.take(tag)?;
        outer.0.is_empty().then_some(Self(inner))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The tag and the content of the next value.
    pub(super) fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (&tag, rest) = self.0.split_first()?;
        let (length, rest) = length(rest)?;
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((tag, content))
    }

    /// The content of the next value, which has this tag.
    pub(super) fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        let mut ahead = *self;
        let (found, content) = ahead.next()?;
        (found == tag).then(|| {
            *self = ahead;
            content
        })
    }
}

fn length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (&first, rest) = bytes.split_first()?;
    if first < 0x80 {
        return Some((usize::from(first), rest));
    }
    let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
    let minimal = digits.first().is_some_and(|&first| first != 0) && digits.len() <= 4;
    let value = digits
        .iter()
        .fold(0_usize, |value, &digit| value << 8 | usize::from(digit));
    (minimal && value >= 0x80).then_some((value, rest))
}

/// Writes a value.
pub(super) fn write(tag: u8, content: &[u8], out: &mut Vec<u8>) {
    out.push(tag);
    if content.len() < 0x80 {
        out.push(content.len() as u8);
    } else {
        let digits = content.len().to_be_bytes();
        let zeros = digits.iter().take_while(|&&digit| digit == 0).count();
        out.push(0x80 | (digits.len() - zeros) as u8);
        out.extend_from_slice(digits.get(zeros..).unwrap_or_default());
    }
    out.extend_from_slice(content);
}

/// A value of the pieces that stand in it.
pub(super) fn value(tag: u8, pieces: &[&[u8]]) -> Vec<u8> {
    let content = pieces.concat();
    let mut out = Vec::with_capacity(content.len() + 6);
    write(tag, &content, &mut out);
    out
}

/// An integer of the big-endian digits of a number that is not negative.
pub(super) fn unsigned(digits: &[u8]) -> Vec<u8> {
    let zeros = digits.iter().take_while(|&&digit| digit == 0).count();
    let digits = digits.get(zeros..).unwrap_or_default();
    let positive = digits.first().is_none_or(|&first| first >= 0x80);
    let sign: &[u8] = if positive { &[0] } else { &[] };
    value(INTEGER, &[sign, digits])
}

/// The big-endian digits of an integer that is not negative, without zeros before them.
pub(super) fn digits(content: &[u8]) -> Option<&[u8]> {
    match content {
        [] => None,
        [0] => Some(&[]),
        [0, rest @ ..] => rest
            .first()
            .is_some_and(|&next| next >= 0x80)
            .then_some(rest),
        [first, ..] => (*first < 0x80).then_some(content),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for length in [0, 1, 127, 128, 255, 256, 70_000] {
            let content = vec![7; length];
            let written = value(OCTET_STRING, &[&content]);
            let mut read = Der::new(&written);
            assert_eq!(read.take(INTEGER), None);
            assert_eq!(read.take(OCTET_STRING), Some(&content[..]));
            assert!(read.is_empty());
            for end in 0..written.len().min(300) {
                assert_eq!(Der::new(&written[..end]).next(), None);
            }
        }
        for number in [&[][..], &[1], &[0x7f], &[0x80], &[0xff, 0], &[1, 0, 1]] {
            let written = unsigned(&[&[0, 0], number].concat());
            let content = Der::new(&written).take(INTEGER).unwrap();
            assert_eq!(digits(content), Some(number));
        }
        // Negative, padded and empty numbers; lengths that are longer than they need be.
        assert_eq!(digits(&[0x80]), None);
        assert_eq!(digits(&[0, 1]), None);
        assert_eq!(digits(&[]), None);
        assert_eq!(Der::new(&[4, 0x81, 1, 0]).next(), None);
        assert_eq!(Der::new(&[4, 0x80, 0, 0]).next(), None);
    }
}
