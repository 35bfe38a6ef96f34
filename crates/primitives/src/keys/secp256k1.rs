//! ECDSA on secp256k1 over SHA-256, with signatures in DER.
//!
//! Spec: <https://github.com/libp2p/specs/blob/master/peer-ids/peer-ids.md#secp256k1>

use libp2p_identity::PublicKey;

use super::der::{self, Der};

/// The order of the curve: <https://www.secg.org/sec2-v2.pdf>, section 2.4.1.
const ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe,
    0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48, 0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41,
];

/// Whether a signature is valid. Each has a twin that differs in the sign of its second number; libp2p accepts the one with the
/// smaller number, and other programs write either.
pub(super) fn verify(key: &PublicKey, data: &[u8], signature: &[u8]) -> bool {
    key.verify(data, signature) || twin(signature).is_some_and(|twin| key.verify(data, &twin))
}

/// The other signature that is equal but for the sign.
pub(super) fn twin(signature: &[u8]) -> Option<Vec<u8>> {
    let mut numbers = Der::inside(signature, der::SEQUENCE)?;
    let first = der::digits(numbers.take(der::INTEGER)?)?;
    let second = der::digits(numbers.take(der::INTEGER)?)?;
    let second = der::unsigned(&below_order(second)?);
    let whole = numbers.is_empty();
    whole.then(|| der::value(der::SEQUENCE, &[&der::unsigned(first), &second]))
}

/// The order of the curve minus a big-endian number; `None` if the number is larger.
fn below_order(number: &[u8]) -> Option<[u8; 32]> {
    if number.len() > ORDER.len() {
        return None;
    }
    let mut difference = ORDER;
    let mut borrow = false;
    let digits = number.iter().rev().chain(std::iter::repeat(&0));
    for (digit, subtract) in difference.iter_mut().rev().zip(digits) {
        let (less, first) = digit.overflowing_sub(*subtract);
        let (less, second) = less.overflowing_sub(borrow.into());
        (*digit, borrow) = (less, first || second);
    }
    (!borrow).then_some(difference)
}
