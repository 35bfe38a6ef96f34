//! Writing DAG-CBOR and CBOR.

use super::{BYTES, Dialect, LINK_TAG, LIST, MAP, NEGATIVE, TAG, TEXT, UNSIGNED};
use crate::bytestring::ByteString;
use crate::codec::{CodecError, MAX_DEPTH};
use crate::ipld::{Ipld, refuse_repeated_keys};

/// Writes a value.
pub(in crate::codec) fn encode_as(dialect: Dialect, value: &Ipld) -> Result<Vec<u8>, CodecError> {
    enum OpenContainer<'a> {
        List(std::slice::Iter<'a, Ipld>),
        Map(std::slice::Iter<'a, (ByteString, Ipld)>),
        Sorted(std::vec::IntoIter<&'a (ByteString, Ipld)>),
    }
    let unsupported = |reason| {
        Err(CodecError::Unsupported {
            codec: dialect.codec,
            reason,
        })
    };
    let canonical = |(a, _): &&(ByteString, Ipld), (b, _): &&(ByteString, Ipld)| {
        (a.len(), a).cmp(&(b.len(), b))
    };
    let mut out = Vec::new();
    let mut open: Vec<OpenContainer<'_>> = Vec::new();
    let mut next = Some(value);
    loop {
        if let Some(value) = next.take() {
            if open.len() >= MAX_DEPTH && matches!(value, Ipld::List(_) | Ipld::Map(_)) {
                return Err(CodecError::TooDeep(dialect.codec));
            }
            match value {
                Ipld::Null => out.push(0xf6),
                Ipld::Bool(value) => out.push(0xf4 | u8::from(*value)),
                Ipld::Integer(number) => {
                    let (major, count) = if *number < 0 {
                        (NEGATIVE, -1 - number)
                    } else {
                        (UNSIGNED, *number)
                    };
                    match u64::try_from(count) {
                        Ok(count) => write_head(major, count, &mut out),
                        Err(_) => return unsupported("an integer has more than 64 bits"),
                    }
                }
                Ipld::Float(number) => {
                    out.push(0xfb);
                    out.extend_from_slice(&number.to_be_bytes());
                }
                Ipld::String(text) => write_bytes(TEXT, text.as_bytes(), &mut out),
                Ipld::Bytes(bytes) => write_bytes(BYTES, bytes, &mut out),
                Ipld::Link(cid) if dialect.links => {
                    write_head(TAG, LINK_TAG, &mut out);
                    write_head(BYTES, 1 + cid.encoded_len() as u64, &mut out);
                    out.push(0);
                    cid.write(&mut out);
                }
                Ipld::Link(_) => return unsupported("cannot Marshal ipld links to CBOR"),
                Ipld::List(items) => {
                    write_head(LIST, items.len() as u64, &mut out);
                    open.push(OpenContainer::List(items.iter()));
                }
                Ipld::Map(entries) => {
                    write_head(MAP, entries.len() as u64, &mut out);
                    refuse_repeated_keys(entries)?;
                    if !dialect.sorted || entries.is_sorted_by(|a, b| canonical(&a, &b).is_le()) {
                        open.push(OpenContainer::Map(entries.iter()));
                    } else {
                        let mut sorted: Vec<&(ByteString, Ipld)> = entries.iter().collect();
                        sorted.sort_unstable_by(canonical);
                        open.push(OpenContainer::Sorted(sorted.into_iter()));
                    }
                }
            }
        }
        let entry = match open.last_mut() {
            None => return Ok(out),
            Some(OpenContainer::List(items)) => {
                next = items.next();
                None
            }
            Some(OpenContainer::Map(entries)) => entries.next(),
            Some(OpenContainer::Sorted(entries)) => entries.next(),
        };
        if let Some((key, value)) = entry {
            write_bytes(TEXT, key.as_bytes(), &mut out);
            next = Some(value);
        }
        if next.is_none() {
            open.pop();
        }
    }
}

fn write_head(major: u8, count: u64, out: &mut Vec<u8>) {
    let major = major << 5;
    let bytes = count.to_be_bytes();
    let [.., d, c, b, a] = bytes;
    match count {
        0..24 => out.push(major | a),
        24..0x100 => out.extend_from_slice(&[major | 24, a]),
        0x100..0x1_0000 => out.extend_from_slice(&[major | 25, b, a]),
        0x1_0000..0x1_0000_0000 => out.extend_from_slice(&[major | 26, d, c, b, a]),
        _ => {
            out.push(major | 27);
            out.extend_from_slice(&bytes);
        }
    }
}

fn write_bytes(major: u8, bytes: &[u8], out: &mut Vec<u8>) {
    write_head(major, bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}
