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
    for part in bytes.chunks(40) {
        let mut letters = [0; 64];
        let (places, _) = letters.as_chunks_mut();
        let (groups, rest) = part.as_chunks();
        for (group, place) in groups.iter().zip(places.iter_mut()) {
            *place = write_group(group);
        }
        let mut last = [0; 5];
        last.iter_mut()
            .zip(rest)
            .for_each(|(place, byte)| *place = *byte);
        if let Some(place) = places.get_mut(groups.len()) {
            *place = write_group(&last);
        }
        let length = (part.len() * 8).div_ceil(5);
        out.push_str(
            letters
                .get(..length)
                .and_then(|text| std::str::from_utf8(text).ok())
                .unwrap_or_default(),
        );
    }
}

#[inline]
fn write_group(group: &[u8; 5]) -> [u8; 8] {
    let bits = group
        .iter()
        .fold(0u64, |bits, byte| bits << 8 | u64::from(*byte));
    std::array::from_fn(|at| ALPHABET[(bits >> (35 - 5 * at)) as usize & 31])
}

/// Maximum number of bytes that a text of some length gives.
pub(super) fn decoded_len(letters: usize) -> usize {
    letters / 8 * 5 + letters % 8 * 5 / 8
}

/// Reads a text into a place of [`decoded_len`] bytes; `Err` tells the position of the first letter that does not belong,
/// or the length when it is one that no bytes give. Bits left over at the end are ignored, as Kubo ignores them.
pub(super) fn decode(text: &[u8], out: &mut [u8]) -> Result<(), usize> {
    if matches!(text.len() % 8, 1 | 3 | 6) {
        return Err(text.len());
    }
    let (groups, last) = text.as_chunks();
    let (places, rest) = out.as_chunks_mut();
    for (index, (group, place)) in groups.iter().zip(places).enumerate() {
        *place = read_group(group).map_err(|at| index * 8 + at)?;
    }
    if !last.is_empty() {
        let mut group = [b'a'; 8];
        group
            .iter_mut()
            .zip(last)
            .for_each(|(place, letter)| *place = *letter);
        let bytes = read_group(&group).map_err(|at| groups.len() * 8 + at)?;
        rest.iter_mut()
            .zip(bytes)
            .for_each(|(place, byte)| *place = byte);
    }
    Ok(())
}

#[inline]
fn read_group(group: &[u8; 8]) -> Result<[u8; 5], usize> {
    let values = group.map(|letter| VALUES[usize::from(letter)]);
    if values.iter().fold(0, |all, value| all | value) > 31 {
        return Err(values
            .iter()
            .position(|value| *value == INVALID)
            .unwrap_or_default());
    }
    let [_, _, _, bytes @ ..] = values
        .iter()
        .fold(0u64, |bits, value| bits << 5 | u64::from(*value))
        .to_be_bytes();
    Ok(bytes)
}
