//! Encoding. Blocks are not copied: a message is a list of parts.

use bytes::Bytes;

use super::{Entry, Message, Payload, Prefix, Presence, PresenceKind, Version, WantKind};
use crate::varint;

/// Blocks up to this size are copied next to their headers, which saves writes.
const COPIED: usize = 4096;

/// A 32-bit number as protobuf writes it: negative ones with ten bytes.
#[expect(clippy::cast_sign_loss, reason = "protobuf extends the sign")]
fn int32(value: i32) -> u64 {
    i64::from(value) as u64
}

/// The length of a field with bytes, its tag included. All tags take one byte.
fn bytes_len(length: usize) -> usize {
    1 + varint::len(length as u64) + length
}

/// The length of a field with a number; zero is left out.
fn number_len(value: u64) -> usize {
    if value == 0 {
        0
    } else {
        1 + varint::len(value)
    }
}

fn put_number(out: &mut Vec<u8>, field: u8, value: u64) {
    if value != 0 {
        out.push(field << 3);
        varint::encode(value, out);
    }
}

fn put_header(out: &mut Vec<u8>, field: u8, length: usize) {
    out.push(field << 3 | 2);
    varint::encode(length as u64, out);
}

impl Entry {
    fn len(&self) -> usize {
        bytes_len(self.cid.encoded_len())
            + number_len(int32(self.priority))
            + number_len(self.cancel.into())
            + number_len((self.kind == WantKind::Have).into())
            + number_len(self.send_dont_have.into())
    }

    fn put(&self, out: &mut Vec<u8>) {
        put_header(out, 1, self.len());
        put_header(out, 1, self.cid.encoded_len());
        self.cid.write(out);
        put_number(out, 2, int32(self.priority));
        put_number(out, 3, self.cancel.into());
        put_number(out, 4, (self.kind == WantKind::Have).into());
        put_number(out, 5, self.send_dont_have.into());
    }
}

impl Prefix {
    fn len(&self) -> usize {
        [self.version, self.codec, self.hash, self.length]
            .map(varint::len)
            .iter()
            .sum()
    }

    fn put(&self, out: &mut Vec<u8>) {
        for number in [self.version, self.codec, self.hash, self.length] {
            varint::encode(number, out);
        }
    }
}

impl Payload {
    fn len(&self) -> usize {
        bytes_len(self.prefix.len()) + bytes_len(self.data.len())
    }

    /// Writes what is before the data.
    fn put_head(&self, out: &mut Vec<u8>) {
        put_header(out, 3, self.len());
        put_header(out, 1, self.prefix.len());
        self.prefix.put(out);
        put_header(out, 2, self.data.len());
    }
}

impl Presence {
    /// The length of its encoding without its header.
    fn len(&self) -> usize {
        bytes_len(self.cid.encoded_len()) + number_len((self.kind == PresenceKind::DontHave).into())
    }

    fn put(&self, out: &mut Vec<u8>) {
        put_header(out, 4, self.len());
        put_header(out, 1, self.cid.encoded_len());
        self.cid.write(out);
        put_number(out, 2, (self.kind == PresenceKind::DontHave).into());
    }
}

impl Message {
    fn wantlist_len(&self) -> usize {
        let entries = self.wantlist.iter().map(|entry| bytes_len(entry.len()));
        entries.sum::<usize>() + number_len(self.full.into())
    }

    /// The length of the message without the varint before it, in bytes.
    #[must_use]
    pub fn encoded_len(&self, version: Version) -> usize {
        // Kubo's decoder expects the field in every message.
        let mut length = bytes_len(self.wantlist_len());
        let blocks = self.blocks.iter();
        length += if version == Version::V1_0 {
            blocks
                .map(|block| bytes_len(block.data.len()))
                .sum::<usize>()
        } else {
            blocks.map(|block| bytes_len(block.len())).sum()
        };
        if version.has_presences() {
            let presences = self.presences.iter();
            length += presences.map(|have| bytes_len(have.len())).sum::<usize>();
            length += number_len(int32(self.pending_bytes));
        }
        length
    }

    /// Encodes the message with its length before it, as parts to be written one after another. Versions before 1.2.0 have no
    /// answers about presence; these are left out.
    #[must_use]
    pub fn encode(&self, version: Version) -> Vec<Bytes> {
        let length = self.encoded_len(version);
        let copied = self.blocks.iter().map(|block| block.data.len());
        let copied: usize = copied.filter(|length| *length <= COPIED).sum();
        let large: usize = self.blocks.iter().map(|block| block.data.len()).sum();
        let mut out = Vec::with_capacity(length.saturating_sub(large) + copied + 10);
        let mut parts = Vec::new();
        varint::encode(length as u64, &mut out);
        put_header(&mut out, 1, self.wantlist_len());
        for entry in &self.wantlist {
            entry.put(&mut out);
        }
        put_number(&mut out, 2, self.full.into());
        for block in &self.blocks {
            if version == Version::V1_0 {
                put_header(&mut out, 2, block.data.len());
            } else {
                block.put_head(&mut out);
            }
            if block.data.len() <= COPIED {
                out.extend_from_slice(&block.data);
            } else {
                parts.push(Bytes::from(std::mem::take(&mut out)));
                parts.push(block.data.clone());
            }
        }
        if version.has_presences() {
            for presence in &self.presences {
                presence.put(&mut out);
            }
            put_number(&mut out, 5, int32(self.pending_bytes));
        }
        if !out.is_empty() {
            parts.push(Bytes::from(out));
        }
        parts
    }
}
