//! Writing CARv1: a header, then sections of `varint length | CID | bytes`.

use super::header;
use crate::cid::Cid;
use crate::varint;

/// Appends the header.
pub fn write_header(roots: &[Cid], out: &mut Vec<u8>) {
    let mut body = Vec::new();
    header::encode(roots, &mut body);
    varint::encode(body.len() as u64, out);
    out.extend_from_slice(&body);
}

/// Appends what stands before a block of `data_len` bytes: the length of the section and the CID.
pub fn write_block_prefix(cid: &Cid, data_len: usize, out: &mut Vec<u8>) {
    varint::encode((cid.encoded_len() + data_len) as u64, out);
    cid.write(out);
}

/// Bytes of a section, all in all.
#[must_use]
pub fn section_len(cid: &Cid, data_len: usize) -> usize {
    let body = cid.encoded_len() + data_len;
    varint::len(body as u64) + body
}
