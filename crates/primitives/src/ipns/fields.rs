//! The protobuf of a record.
//!
//! Spec: <https://specs.ipfs.tech/ipns/ipns-record/#record-serialization-format>

use bytes::Bytes;

use super::RecordError;
use crate::codec::protobuf::{BYTES, Reader, VARINT, WireError};
use crate::varint;

/// What stands in the protobuf. Absent bytes are empty: the spec makes no difference.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fields {
    pub(super) value: Bytes,
    pub(super) signature_v1: Bytes,
    pub(super) validity_type: Option<u64>,
    pub(super) validity: Bytes,
    pub(super) sequence: Option<u64>,
    pub(super) ttl: Option<u64>,
    pub(super) public_key: Bytes,
    pub(super) signature_v2: Bytes,
    pub(super) data: Bytes,
}

impl From<WireError> for RecordError {
    fn from(error: WireError) -> Self {
        Self::Protobuf {
            reason: error.reason,
            at: error.at,
        }
    }
}

impl Fields {
    /// Reads the fields; the last of several of a number counts, and what is not known is passed over.
    pub(super) fn decode(bytes: &Bytes) -> Result<Self, RecordError> {
        let mut reader = Reader::new(bytes);
        let mut fields = Self::default();
        while !reader.is_empty() {
            let (number, wire) = reader.tag()?;
            let place = match (number, wire) {
                (3, VARINT) => {
                    fields.validity_type = Some(reader.varint()?);
                    continue;
                }
                (5, VARINT) => {
                    fields.sequence = Some(reader.varint()?);
                    continue;
                }
                (6, VARINT) => {
                    fields.ttl = Some(reader.varint()?);
                    continue;
                }
                (1, BYTES) => &mut fields.value,
                (2, BYTES) => &mut fields.signature_v1,
                (4, BYTES) => &mut fields.validity,
                (7, BYTES) => &mut fields.public_key,
                (8, BYTES) => &mut fields.signature_v2,
                (9, BYTES) => &mut fields.data,
                (_, wire) => {
                    reader.skip(wire)?;
                    continue;
                }
            };
            *place = bytes.slice(reader.bytes()?);
        }
        Ok(fields)
    }

    /// Writes the fields, in the order of their numbers.
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.data.len() + 512);
        put_bytes(1, &self.value, &mut out);
        put_bytes(2, &self.signature_v1, &mut out);
        put_number(3, self.validity_type, &mut out);
        put_bytes(4, &self.validity, &mut out);
        put_number(5, self.sequence, &mut out);
        put_number(6, self.ttl, &mut out);
        put_bytes(7, &self.public_key, &mut out);
        put_bytes(8, &self.signature_v2, &mut out);
        put_bytes(9, &self.data, &mut out);
        out
    }

    /// Whether there is anything for readers of V1.
    pub(super) fn has_v1(&self) -> bool {
        !self.signature_v1.is_empty() || !self.value.is_empty()
    }
}

pub(super) fn put_bytes(number: u8, bytes: &[u8], out: &mut Vec<u8>) {
    if !bytes.is_empty() {
        out.push(number << 3 | BYTES);
        varint::encode(bytes.len() as u64, out);
        out.extend_from_slice(bytes);
    }
}

pub(super) fn put_number(number: u8, value: Option<u64>, out: &mut Vec<u8>) {
    if let Some(value) = value {
        out.push(number << 3 | VARINT);
        varint::encode(value, out);
    }
}
