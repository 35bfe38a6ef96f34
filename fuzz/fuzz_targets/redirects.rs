//! `_redirects` files: whatever a file says, a path leads to one bounded target.
#![no_main]

use cairn_primitives::redirects::Redirects;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(redirects) = Redirects::parse(data) else {
        return;
    };
    for names in [&[][..], &["a"], &["posts", "2026", "x y"], &["/evil.example", ":splat"]] {
        if let Ok(Some(found)) = redirects.find(names) {
            assert!(!found.to.is_empty());
            assert!(!found.to.contains(char::is_control));
        }
    }
});
