//! Git's objects: what is read can be written and read again, and the links are those of the value.
#![no_main]

use bytes::Bytes;
use cairn_primitives::Codec;
use cairn_primitives::codec::{self, git_raw};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let bytes = Bytes::copy_from_slice(data);
    let links = git_raw::links(data);
    let written = git_raw::rewrite(data);
    let Ok(value) = git_raw::decode(&bytes) else {
        return;
    };
    assert_eq!(links, Ok(value.links()));
    // An object that nobody made can be read and not be written.
    let Ok(written) = written else {
        return;
    };
    // What is left out and what is added is little: empty people, the end of a signature, a line's end.
    assert!(written.len() <= 2 * data.len() + 100);
    let _ = git_raw::links(&written);
    if std::str::from_utf8(data).is_ok() {
        assert_eq!(
            codec::encode(Codec::GIT_RAW, &value),
            Ok(written.clone()),
            "by the value as by the bytes"
        );
    }
    codec::encode(Codec::DAG_JSON, &value).expect("what is read has a text");
});
