//! What listings continue from: times. What is written is read back.
#![no_main]

use cairn_primitives::rfc3339;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Some((seconds, nanos)) = rfc3339::parse(text)
        && let Some(written) = rfc3339::format(seconds, nanos)
    {
        assert_eq!(
            rfc3339::parse(&written),
            Some((seconds, nanos)),
            "{text} {written}"
        );
    }
});
