//! Base32 without padding in the lower-case alphabet of RFC 4648: the text of almost every CIDv1.

const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
const INVALID: u8 = 0xff;

/// The value of each letter. Either case is read, as Kubo reads it.
const VALUES: [u8; 256] = {
    let mut values = [INVALID; 256];
    let mut at = 0;
    while at < 32 {
        values[ALPHABET[at] as usize] = at as u8;
        values[ALPHABET[at].to_ascii_uppercase() as usize] = at as u8;
        at += 1;
    }
    values
};

/// Appends the text of some bytes.
pub(super) fn encode(bytes: &[u8], out: &mut String) {
    out.reserve(bytes.len().div_ceil(5) * 8);
    let letter = |bits: u64, shift: u32| char::from(ALPHABET[(bits >> shift) as usize & 31]);
    let mut groups = bytes.chunks_exact(5);
    for group in &mut groups {
        let bits = group
            .iter()
            .fold(0u64, |bits, byte| bits << 8 | u64::from(*byte));
        out.extend((0..8).rev().map(|at| letter(bits, at * 5)));
    }
    let rest = groups.remainder();
    if !rest.is_empty() {
        let bits = rest
            .iter()
            .fold(0u64, |bits, byte| bits << 8 | u64::from(*byte))
            << (8 * (5 - rest.len()));
        let letters = (rest.len() * 8).div_ceil(5) as u32;
        out.extend((8 - letters..8).rev().map(|at| letter(bits, at * 5)));
    }
}

/// Reads a text; `Err` tells the position of the first letter that does not belong, or the length when it is one that no
/// bytes give. Bits left over at the end are ignored, as Kubo ignores them.
pub(super) fn decode(text: &[u8], out: &mut impl Extend<u8>) -> Result<(), usize> {
    for (index, group) in text.chunks(8).enumerate() {
        let mut bits = 0u64;
        for (at, letter) in group.iter().enumerate() {
            let value = VALUES[usize::from(*letter)];
            if value == INVALID {
                return Err(index * 8 + at);
            }
            bits = bits << 5 | u64::from(value);
        }
        let bytes = match group.len() {
            8 => 5,
            7 => 4,
            5 => 3,
            4 => 2,
            2 => 1,
            _ => return Err(text.len()),
        };
        bits <<= 5 * (8 - group.len());
        out.extend((0..bytes).map(|at| (bits >> (32 - 8 * at)) as u8));
    }
    Ok(())
}
