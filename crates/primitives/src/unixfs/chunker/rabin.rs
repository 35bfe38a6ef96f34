//! The Rabin fingerprint of `rabin`: residues modulo a polynomial over GF(2), window of 16 bytes.
//!
//! Described in Rabin, "Fingerprinting by Random Polynomials" (1981).

use super::rolling::{RABIN_WINDOW, RollingHash};

/// The irreducible polynomial of Kubo's chunker.
const POLYNOMIAL: u64 = 17_437_180_132_763_653;
const DEGREE: u32 = 63 - POLYNOMIAL.leading_zeros();

/// What a byte that leaves the window has added to the fingerprint.
static OUT: [u64; 256] = out_table();
/// Clears the eight bits above the degree and adds their residue.
static REDUCE: [u64; 256] = reduce_table();

#[derive(Debug)]
pub(super) struct Rabin {
    mask: u64,
}

impl Rabin {
    /// Cuts once in about this many bytes, rounded down to a power of two.
    pub(super) fn new(avg: usize) -> Self {
        Self {
            mask: (1 << avg.max(1).ilog2()) - 1,
        }
    }
}

impl RollingHash for Rabin {
    const WINDOW: usize = RABIN_WINDOW;
    type State = u64;

    #[inline]
    fn start(&self, window: &[u8]) -> u64 {
        window.iter().fold(0, |state, &byte| append(state, byte))
    }

    #[inline]
    fn roll(&self, state: u64, out: u8, into: u8) -> u64 {
        append(state ^ OUT[usize::from(out)], into)
    }

    #[inline]
    fn is_cut(&self, state: u64) -> bool {
        state & self.mask == 0
    }
}

#[inline]
fn append(state: u64, byte: u8) -> u64 {
    // The state is a residue: no bit at or above the degree is set, so that the index has eight bits.
    let index = (state >> (DEGREE - 8)) & 0xff;
    (state << 8 | u64::from(byte)) ^ REDUCE[index as usize]
}

/// The residue of a polynomial.
const fn residue(mut value: u64) -> u64 {
    while value >> DEGREE != 0 {
        let degree = 63 - value.leading_zeros();
        value ^= POLYNOMIAL << (degree - DEGREE);
    }
    value
}

const fn out_table() -> [u64; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut value = residue(byte as u64);
        let mut zeros = 1;
        while zeros < RABIN_WINDOW {
            value = residue(value << 8);
            zeros += 1;
        }
        table[byte] = value;
        byte += 1;
    }
    table
}

const fn reduce_table() -> [u64; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let high = (byte as u64) << DEGREE;
        table[byte] = residue(high) | high;
        byte += 1;
    }
    table
}
