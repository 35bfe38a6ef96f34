//! Messages of the fetch protocol, by which peers ask for the records of names.
#![no_main]

use cairn_primitives::ipns::fetch::{Response, decode_request};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(key) = decode_request(data) {
        assert!(key.len() <= data.len());
    }
    if let Ok(Response::Record(record)) = Response::decode(data) {
        assert!(record.len() <= data.len());
    }
});
