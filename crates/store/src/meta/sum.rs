//! The checksum of a set of pins: a count and a sum that are independent of order and can be updated incrementally.

use cairn_primitives::Multihash;

use super::{Pin, PinMode, PinOwner};

/// Of a set of pins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct PinSum {
    /// How many there are.
    pub(super) count: u64,
    /// The sum of their digests.
    pub(super) sum: u128,
}

impl PinSum {
    /// Adds a pin.
    pub(super) fn add(&mut self, cid: &[u8], owner: PinOwner, mode: PinMode, name: &str) {
        self.count = self.count.wrapping_add(1);
        self.sum = self.sum.wrapping_add(digest(cid, owner, mode, name));
    }

    /// Removes a pin.
    pub(super) fn sub(&mut self, cid: &[u8], owner: PinOwner, mode: PinMode, name: &str) {
        self.count = self.count.wrapping_sub(1);
        self.sum = self.sum.wrapping_sub(digest(cid, owner, mode, name));
    }

    /// Adds a pin.
    pub(super) fn add_pin(&mut self, pin: &Pin) {
        self.add(&pin.cid.to_bytes(), pin.owner, pin.mode, &pin.name);
    }
}

fn digest(cid: &[u8], owner: PinOwner, mode: PinMode, name: &str) -> u128 {
    let mut bytes = Vec::with_capacity(cid.len() + name.len() + 1);
    bytes.push(match (owner, mode) {
        (PinOwner::User, PinMode::Recursive) => 0,
        (PinOwner::User, PinMode::Direct) => 1,
        (PinOwner::Services, PinMode::Recursive) => 2,
        (PinOwner::Services, PinMode::Direct) => 3,
    });
    bytes.extend_from_slice(cid);
    // A CID tells where it ends.
    bytes.extend_from_slice(name.as_bytes());
    u128::from_le_bytes(checksum(&bytes))
}

/// The first bytes of the SHA2-256 of bytes.
pub(super) fn checksum<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let hash = Multihash::sha2_256(bytes);
    let mut out = [0; N];
    for (to, from) in out.iter_mut().zip(hash.digest()) {
        *to = *from;
    }
    out
}
