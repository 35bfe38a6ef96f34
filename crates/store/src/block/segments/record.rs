//! The bytes of a segment: a CARv1 header, then records of `varint length | CID | bytes`.
//!
//! Spec: <https://ipld.io/specs/transport/car/carv1/>

use cairn_primitives::{Cid, varint};

use super::super::traits::MAX_BLOCK;

/// Longest start of a record: its length as a varint, then its CID.
pub(super) const MAX_HEAD: usize = 256;
/// Longest CAR header that is looked at.
const MAX_HEADER: u64 = 1 << 16;

/// The name of a segment's file.
pub(super) fn path(number: u32) -> String {
    format!("segments/{number:08}.car")
}

/// The number in the name of a segment's file.
pub(super) fn number(name: &str) -> Option<u32> {
    let digits = name.strip_suffix(".car")?;
    if digits.len() < 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok()
}

/// The header of a segment. A CAR has at least one root, so ours is an identity CID with the store's id and the
/// segment's number; tools that import the file can pin it.
pub(super) fn header(store: &str, number: u32) -> Vec<u8> {
    let label = format!("cairn-segment-1/{store}/{number:08}");
    let label = label
        .as_bytes()
        .get(..label.len().min(120))
        .unwrap_or_default();
    #[expect(clippy::cast_possible_truncation, reason = "at most 120")]
    let len = label.len() as u8;
    let mut body = vec![0xa2, 0x65];
    body.extend_from_slice(b"roots");
    // One link: tag 42, a byte string that begins with 0, then CIDv1, raw, identity.
    body.extend_from_slice(&[0x81, 0xd8, 0x2a, 0x58, len + 5, 0x00, 0x01, 0x55, 0x00, len]);
    body.extend_from_slice(label);
    body.push(0x67);
    body.extend_from_slice(b"version");
    body.push(0x01);
    let mut out = Vec::with_capacity(body.len() + 2);
    varint::encode(body.len() as u64, &mut out);
    out.extend_from_slice(&body);
    out
}

/// How long the header at the front of a file is; `None` when it is not a CARv1 header.
pub(super) fn header_len(bytes: &[u8]) -> Option<u64> {
    let (len, used) = varint::decode(bytes).ok()?;
    if len == 0 || len > MAX_HEADER {
        return None;
    }
    let body = bytes.get(used..used + usize::try_from(len).ok()?)?;
    let map = matches!(body.first(), Some(0xa1..=0xbf));
    let version = body.windows(9).any(|window| window == b"\x67version\x01");
    (map && version).then_some(len + used as u64)
}

/// What the front of a record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// Bytes before the block's own: the length and the CID.
    pub(super) len: u8,
    /// The CID.
    pub(super) cid: Cid,
    /// Bytes of the block.
    pub(super) data: u32,
}

impl Head {
    /// Bytes of the whole record.
    pub(super) fn total(&self) -> u64 {
        u64::from(self.len) + u64::from(self.data)
    }
}

/// What is found at the expected start of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RecordStart {
    /// A record.
    Record(Head),
    /// A zero byte: nothing was written here.
    Zero,
    /// Nothing that can be a record.
    Bad,
}

/// Reads the front of a record.
pub(super) fn front(bytes: &[u8]) -> RecordStart {
    let Ok((len, used)) = varint::decode(bytes) else {
        return RecordStart::Bad;
    };
    if len == 0 {
        return RecordStart::Zero;
    }
    if len > (MAX_BLOCK + MAX_HEAD) as u64 {
        return RecordStart::Bad;
    }
    let rest = bytes.get(used..).unwrap_or_default();
    let within = rest
        .get(..rest.len().min(usize::try_from(len).unwrap_or(usize::MAX)))
        .unwrap_or_default();
    let Ok((cid, cid_len)) = Cid::read(within) else {
        return RecordStart::Bad;
    };
    let (Ok(head), Ok(data)) = (
        u8::try_from(used + cid_len),
        u32::try_from(len - cid_len as u64),
    ) else {
        return RecordStart::Bad;
    };
    RecordStart::Record(Head {
        len: head,
        cid,
        data,
    })
}

/// Writes the front of a record into `out`; returns its length.
pub(super) fn encode_front(cid: &Cid, data: usize, out: &mut Vec<u8>) -> u8 {
    out.clear();
    varint::encode((cid.encoded_len() + data) as u64, out);
    cid.write(out);
    // A length of at most 5 bytes, a CID of at most 10 + 10 + 128.
    u8::try_from(out.len()).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use cairn_primitives::{Codec, Multihash};

    #[test]
    fn records_and_headers_read_back() {
        let header = header("0123456789abcdef0123456789abcdef", 7);
        assert_eq!(header_len(&header), Some(header.len() as u64));
        assert_eq!(header_len(&header[..header.len() - 1]), None);
        let cid = Cid::v1(Codec::RAW, Multihash::sha2_256(b"x"));
        let mut bytes = Vec::new();
        let len = encode_front(&cid, 1, &mut bytes);
        assert_eq!(
            front(&bytes),
            RecordStart::Record(Head { len, cid, data: 1 })
        );
        assert_eq!(front(&[0, 1]), RecordStart::Zero);
        assert_eq!(front(&[5, 1, 2]), RecordStart::Bad);
        assert_eq!(number(path(12).trim_start_matches("segments/")), Some(12));
        assert_eq!(number("x.car"), None);
    }
}
