//! The protocol of a stream, as a peer names it.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Some(name) = cairn_primitives::multistream::protocol(bytes) {
        assert!(name.starts_with('/') && name.len() < bytes.len());
    }
});
