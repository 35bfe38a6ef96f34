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

#[cfg(test)]
mod tests {
    use super::*;

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
