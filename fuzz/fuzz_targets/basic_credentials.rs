//! Names and passwords in base64: one secret for each pair.
#![no_main]

use cairn_primitives::credentials::basic;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Some((name, password)) = basic::read(text) {
        assert!(!name.contains(':'));
        assert_eq!(basic::write(&name, &password), text);
    }
    let (name, password) = text.split_once(':').unwrap_or((text, ""));
    let read = basic::read(&basic::write(name, password));
    assert_eq!(read, Some((name.to_owned(), password.to_owned())));
});
