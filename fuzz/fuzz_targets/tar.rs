//! Archives as `get` unpacks them: no panic, and no more memory than the input justifies.
#![no_main]

use std::io::Read as _;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = cairn_client::get::each(data, |head, content| {
        assert!(head.path.len() <= 4096);
        let mut some = Vec::new();
        // A part of the content; the rest is skipped.
        content.take(1000).read_to_end(&mut some).unwrap_or_default();
        Ok(())
    });
});
