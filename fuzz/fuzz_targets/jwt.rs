//! JSON Web Tokens: what is signed is read back, and nobody signs by chance.
#![no_main]

use std::collections::HashMap;

use cairn_primitives::credentials::jwt::{self, Jwt};
use libfuzzer_sys::fuzz_target;

const SECRET: &[u8] = b"nobody knows this one, not even the fuzzer";

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Some(token) = Jwt::read(text) {
        assert!(jwt::is_jwt(text), "a token has three parts");
        assert!(!token.is_signed_with(SECRET));
        let _ = token.claims::<HashMap<String, String>>();
        let _ = token.claims::<Vec<f64>>();
    }
    let signed = jwt::sign(SECRET, &text).expect("a text is JSON");
    let token = Jwt::read(&signed).expect("a token");
    assert!(token.is_signed_with(SECRET));
    assert!(!token.is_signed_with(data) || data == SECRET);
    assert_eq!(token.claims::<String>().as_deref(), Some(text));
});
