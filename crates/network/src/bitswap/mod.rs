//! Bitswap: exchanging blocks.
