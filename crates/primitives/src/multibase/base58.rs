//! Base58 in Bitcoin's alphabet: the text of CIDv0 and of peers.
//!
//! The number is held in limbs of five base58 digits or of 32 bits, so that a CID takes some ninety multiplications
//! instead of the two thousand of the digit-by-digit method. The cost grows with the square of the length, so the length
//! is bounded: [`MAX_BYTES`].

/// Longest input of [`encode`] and output of [`decode`], in bytes.
pub(super) const MAX_BYTES: usize = 256;
/// Longest input of [`decode`], in letters: no more than bytes of [`MAX_BYTES`] give.
pub(super) const MAX_LETTERS: usize = 350;

const ALPHABET: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
const INVALID: u8 = 0xff;
/// 58 to the power of 5: the largest that leaves room to multiply by 2^32 in 64 bits.
const LIMB: u64 = 656_356_768;
const LIMBS: usize = MAX_LETTERS / 5 + 1;
const WORDS: usize = MAX_BYTES / 4 + 2;

const VALUES: [u8; 256] = {
    let mut values = [INVALID; 256];
    let mut at = 0;
    while at < 58 {
        values[ALPHABET[at] as usize] = at as u8;
        at += 1;
    }
    values
};

/// Multiplies a little-endian number in base `BASE` and adds to it; returns its new count of limbs.
#[inline(always)]
fn multiply_add(limbs: &mut [u32], used: usize, factor: u64, add: u64, base: u64) -> usize {
    let mut carry = add;
    for limb in limbs.iter_mut().take(used) {
        let value = u64::from(*limb) * factor + carry;
        *limb = (value % base) as u32;
        carry = value / base;
    }
    let mut used = used;
    while carry > 0 {
        let Some(limb) = limbs.get_mut(used) else {
            return used;
        };
        *limb = (carry % base) as u32;
        carry /= base;
        used += 1;
    }
    used
}

/// Appends the text of some bytes; `None` when there are more than [`MAX_BYTES`].
pub(super) fn encode(bytes: &[u8], out: &mut String) -> Option<()> {
    if bytes.len() > MAX_BYTES {
        return None;
    }
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let (first, rest) = bytes.split_at(bytes.len() % 4);
    let mut limbs = [0u32; LIMBS];
    let mut used = 0;
    for word in std::iter::once(first).chain(rest.chunks(4)) {
        let value = word
            .iter()
            .fold(0u64, |value, byte| value << 8 | u64::from(*byte));
        used = multiply_add(&mut limbs, used, 1 << (8 * word.len()), value, LIMB);
    }
    out.extend(std::iter::repeat_n('1', zeros));
    let mut letters = [0; LIMBS * 5];
    for (limb, place) in limbs
        .iter()
        .take(used)
        .rev()
        .zip(letters.chunks_exact_mut(5))
    {
        let mut rest = *limb;
        for letter in place.iter_mut().rev() {
            *letter = ALPHABET[(rest % 58) as usize];
            rest /= 58;
        }
    }
    let text = letters
        .get(..used * 5)
        .and_then(|text| std::str::from_utf8(text).ok())
        .unwrap_or_default();
    out.push_str(text.trim_start_matches('1'));
    Some(())
}

/// Reads a text of at most [`MAX_LETTERS`] letters and passes on its bytes; `Err` tells the position of the first letter that
/// does not belong.
pub(super) fn decode<T>(text: &[u8], take: impl FnOnce(&[u8]) -> T) -> Result<T, usize> {
    if text.len() > MAX_LETTERS {
        return Err(MAX_LETTERS);
    }
    let zeros = text.iter().take_while(|letter| **letter == b'1').count();
    let (first, rest) = text.split_at(text.len() % 5);
    let mut words = [0u32; WORDS];
    let mut used = 0;
    let mut at = 0;
    for group in std::iter::once(first).chain(rest.chunks(5)) {
        let (mut value, mut factor) = (0u64, 1u64);
        for letter in group {
            let digit = VALUES[usize::from(*letter)];
            if digit == INVALID {
                return Err(at);
            }
            value = value * 58 + u64::from(digit);
            factor *= 58;
            at += 1;
        }
        used = multiply_add(&mut words, used, factor, value, 1 << 32);
    }
    // The zeros stand before the number, which has none of its own.
    let mut bytes = [0; MAX_LETTERS + WORDS * 4];
    let number = bytes.get_mut(zeros..).unwrap_or_default();
    for (word, place) in words
        .iter()
        .take(used)
        .rev()
        .zip(number.chunks_exact_mut(4))
    {
        place.copy_from_slice(&word.to_be_bytes());
    }
    let blank = number
        .iter()
        .take(used * 4)
        .take_while(|byte| **byte == 0)
        .count();
    Ok(take(bytes.get(blank..zeros + used * 4).unwrap_or_default()))
}
