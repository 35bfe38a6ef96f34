//! Bytes made from a seed: a counter stream of SHA-256, the same on every machine and in every run.

use sha2::{Digest, Sha256};

/// The first `len` bytes of the stream named `seed`: the digests of `seed:0`, `seed:1`, … in a row.
#[must_use]
pub fn stream(seed: &str, len: usize) -> Vec<u8> {
    numbered(|counter| Sha256::digest(format!("{seed}:{counter}")), len)
}

/// The first `len` bytes of the stream whose digests are those of `seed0`, `seed1`, … (no separator).
#[must_use]
pub fn stream_unseparated(seed: &str, len: usize) -> Vec<u8> {
    numbered(|counter| Sha256::digest(format!("{seed}{counter}")), len)
}

fn numbered<D: AsRef<[u8]>>(digest: impl Fn(u64) -> D, len: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(len + 32);
    for counter in 0.. {
        if bytes.len() >= len {
            break;
        }
        bytes.extend_from_slice(digest(counter).as_ref());
    }
    bytes.truncate(len);
    bytes
}

/// The SHA-256 of `bytes` in lower-case hexadecimal.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(bytes))
}

/// A row of choices made from a seed: SplitMix64, the same on every machine and in every version.
#[derive(Debug, Clone)]
pub struct SeededRng {
    state: u64,
}

impl SeededRng {
    /// The row of `seed`.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from `least` to `most`, both among them.
    pub fn within(&mut self, least: u64, most: u64) -> u64 {
        let span = u128::from(most.saturating_sub(least)) + 1;
        least + u64::try_from((u128::from(self.bits()) * span) >> 64).unwrap_or_default()
    }

    /// A size from 1 to `most`, small ones as likely as large ones: even on the logarithm's scale.
    pub fn size(&mut self, most: u64) -> u64 {
        let doublings = u64::from(most.max(1).ilog2());
        let magnitude = 1 << self.within(0, doublings);
        self.within(magnitude, (magnitude * 2 - 1).min(most.max(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_stay_within_their_bounds() {
        let mut choices = SeededRng::new(7);
        let mut small = 0;
        for _ in 0..10_000 {
            assert!((3..=5).contains(&choices.within(3, 5)));
            let size = choices.size(1000);
            assert!((1..=1000).contains(&size));
            small += u32::from(size < 32);
        }
        assert!((3_000..7_000).contains(&small), "{small}");
        assert_eq!(choices.within(9, 9), 9);
        assert_eq!(choices.size(1), 1);
    }

    #[test]
    fn a_stream_is_its_own_prefix() {
        let long = stream("a", 1000);
        assert_eq!(stream("a", 33), long[..33]);
        assert_ne!(stream("b", 33), long[..33]);
        assert!(stream("a", 0).is_empty());
        assert_eq!(long[..32], *Sha256::digest("a:0"));
        assert_eq!(stream_unseparated("a", 32), *Sha256::digest("a0"));
    }
}
