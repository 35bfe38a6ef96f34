//! The header of CARv1: a DAG-CBOR map of `version` and `roots`. The pragma of CARv2 is one, too.
//!
//! Has its own decoder, as it is read before anything is trusted: it never allocates by a count in the input, and
//! does not nest.

use super::CarError;
use crate::cid::Cid;

const UNSIGNED: u8 = 0;
const BYTES: u8 = 2;
const TEXT: u8 = 3;
const LIST: u8 = 4;
const MAP: u8 = 5;
const TAG: u8 = 6;
/// The tag of a link.
const LINK: u64 = 42;
const NULL: u8 = 0xf6;

/// A header as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RawHeader {
    pub(super) version: u64,
    pub(super) roots: Vec<Cid>,
}

/// Reads a header, without the length before it.
pub(super) fn decode(bytes: &[u8]) -> Result<RawHeader, CarError> {
    let mut reader = Reader { rest: bytes };
    let mut version = None;
    let mut roots = None;
    for _ in 0..reader.expect(MAP, "expected a map")? {
        match reader.bytes(TEXT, "expected a string as key")? {
            b"version" if version.is_none() => {
                version = Some(reader.expect(UNSIGNED, "expected an integer as version")?);
            }
            b"roots" if roots.is_none() => roots = Some(reader.roots()?),
            b"version" | b"roots" => return Err(CarError::Header("a key stands twice")),
            _ => return Err(CarError::Header("unknown key")),
        }
    }
    if !reader.rest.is_empty() {
        return Err(CarError::Header("bytes follow it"));
    }
    Ok(RawHeader {
        version: version.ok_or(CarError::Header("no version"))?,
        // The pragma of CARv2 has none.
        roots: roots.unwrap_or_default(),
    })
}

/// Appends a header of version 1, without the length before it.
pub(super) fn encode(roots: &[Cid], out: &mut Vec<u8>) {
    write_head(MAP, 2, out);
    write_text("roots", out);
    write_head(LIST, roots.len() as u64, out);
    for root in roots {
        write_head(TAG, LINK, out);
        write_head(BYTES, root.encoded_len() as u64 + 1, out);
        // The identity multibase.
        out.push(0);
        root.write(out);
    }
    write_text("version", out);
    write_head(UNSIGNED, 1, out);
}

fn write_text(text: &str, out: &mut Vec<u8>) {
    write_head(TEXT, text.len() as u64, out);
    out.extend_from_slice(text.as_bytes());
}

/// The first bytes of an item: its type and a number in the shortest form.
#[expect(
    clippy::cast_possible_truncation,
    reason = "each arm's range fits its type"
)]
fn write_head(major: u8, number: u64, out: &mut Vec<u8>) {
    let major = major << 5;
    match number {
        0..24 => out.push(major | number as u8),
        24..0x100 => out.extend_from_slice(&[major | 24, number as u8]),
        0x100..0x1_0000 => {
            out.push(major | 25);
            out.extend_from_slice(&(number as u16).to_be_bytes());
        }
        0x1_0000..0x1_0000_0000 => {
            out.push(major | 26);
            out.extend_from_slice(&(number as u32).to_be_bytes());
        }
        _ => {
            out.push(major | 27);
            out.extend_from_slice(&number.to_be_bytes());
        }
    }
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], CarError> {
        let (head, rest) = self
            .rest
            .split_first_chunk()
            .ok_or(CarError::Header("it ends early"))?;
        self.rest = rest;
        Ok(*head)
    }

    /// The number of an item that has to be of a type.
    fn expect(&mut self, major: u8, wrong: &'static str) -> Result<u64, CarError> {
        let [first] = self.take()?;
        if first >> 5 != major {
            return Err(CarError::Header(wrong));
        }
        Ok(match first & 0x1f {
            number @ 0..24 => u64::from(number),
            24 => u64::from(u8::from_be_bytes(self.take()?)),
            25 => u64::from(u16::from_be_bytes(self.take()?)),
            26 => u64::from(u32::from_be_bytes(self.take()?)),
            27 => u64::from_be_bytes(self.take()?),
            _ => return Err(CarError::Header("indefinite lengths are not DAG-CBOR")),
        })
    }

    fn bytes(&mut self, major: u8, wrong: &'static str) -> Result<&'a [u8], CarError> {
        let length = self.expect(major, wrong)?;
        let (bytes, rest) = usize::try_from(length)
            .ok()
            .and_then(|length| self.rest.split_at_checked(length))
            .ok_or(CarError::Header("it ends early"))?;
        self.rest = rest;
        Ok(bytes)
    }

    fn roots(&mut self) -> Result<Vec<Cid>, CarError> {
        // Go writes an absent list as null.
        if let Some((&NULL, rest)) = self.rest.split_first() {
            self.rest = rest;
            return Ok(Vec::new());
        }
        let count = self.expect(LIST, "expected a list of roots")?;
        let mut roots = Vec::new();
        for _ in 0..count {
            if self.expect(TAG, "expected a link as root")? != LINK {
                return Err(CarError::Header("expected a link as root"));
            }
            let bytes = self.bytes(BYTES, "expected bytes in a link")?;
            let Some((0, cid)) = bytes.split_first() else {
                return Err(CarError::Header("a link begins with a zero byte"));
            };
            roots.push(Cid::from_bytes(cid).map_err(CarError::Root)?);
        }
        Ok(roots)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn round_trips() {
        let cid: Cid = "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy"
            .parse()
            .unwrap();
        for count in [0, 1, 23, 24, 300, 70_000] {
            let roots = vec![cid.clone(); count];
            let mut bytes = Vec::new();
            encode(&roots, &mut bytes);
            let header = decode(&bytes).unwrap();
            assert_eq!((header.version, header.roots), (1, roots));
        }
    }

    #[test]
    fn reads_any_order_and_refuses_the_rest() {
        let version = b"\x67version\x01";
        let roots = b"\x65roots\x80";
        let map = |parts: &[&[u8]]| {
            let mut out = vec![0xa0 | parts.len() as u8];
            parts.iter().for_each(|part| out.extend_from_slice(part));
            decode(&out)
        };
        assert!(map(&[version, roots]).is_ok());
        assert!(map(&[roots, version]).is_ok());
        assert!(map(&[b"\x65roots\xf6", version]).is_ok());
        assert_eq!(map(&[b"\x67version\x02"]).unwrap().version, 2);
        for bad in [
            &[][..],
            &[&roots[..]],
            &[version, version],
            &[roots, roots, version],
            &[version, b"\x61x\x01"],
            &[b"\x67version\x20"],
            &[b"\x67version\x1b\xff"],
            &[version, b"\x65roots\x9f\xff"],
            &[version, b"\x65roots\x9b\xff\xff\xff\xff\xff\xff\xff\xff"],
            &[version, b"\x65roots\x81\x01"],
            &[version, b"\x65roots\x81\xd8\x2b\x41\x00"],
            &[version, b"\x65roots\x81\xd8\x2a\x41\x00"],
            &[version, b"\x65roots\x81\xd8\x2a\x41\x01"],
            &[
                version,
                b"\x65roots\x81\xd8\x2a\x5b\xff\xff\xff\xff\xff\xff\xff\xff\x00",
            ],
            &[version, roots, b"\x00"],
        ] {
            assert!(map(bad).is_err(), "{bad:?}");
        }
        assert!(decode(b"\xa1\x67version\x01\x00").is_err());
        assert!(decode(b"\xbf\x67version\x01\xff").is_err());
        assert!(decode(b"").is_err());
    }
}
