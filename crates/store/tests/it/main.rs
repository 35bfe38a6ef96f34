//! Integration tests of the stores.

mod blocks;
