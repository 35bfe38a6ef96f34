//! DAG-CBOR: the canonical form of a value is stable, and the links are those of the value.
#![no_main]

use bytes::Bytes;
use cairn_primitives::Codec;
use cairn_primitives::codec::{self, dag_cbor, dag_json};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let bytes = Bytes::copy_from_slice(data);
    let _ = codec::decode(Codec::CBOR, &bytes);
    let links = dag_cbor::links(data);
    let Ok(value) = dag_cbor::decode(&bytes) else {
        return;
    };
    assert_eq!(links, Ok(value.links()));
    let canonical = dag_cbor::encode(&value).expect("what is read can be written");
    assert!(canonical.len() <= 9 * data.len());
    let again =
        dag_cbor::decode(&Bytes::from(canonical.clone())).expect("what is written can be read");
    assert_eq!(dag_cbor::encode(&again), Ok(canonical));
    // Strict reading takes no more than what is written for new blocks.
    if codec::convert(Codec::DAG_CBOR, Codec::DAG_CBOR, &bytes).is_err() {
        let _ = dag_json::encode(&value);
        return;
    }
    // Every value of a new block has a text, which is JSON; only maps with the reserved key may mean something else in it.
    let text = dag_json::encode(&value).expect("what is read can be written");
    if !data.contains(&b'/') {
        let read = |text: Vec<u8>| {
            dag_json::decode(&Bytes::from(text)).expect("what is written can be read")
        };
        // A float of minus zero is written as the integer -0, which is 0: after that nothing changes.
        let again = dag_json::encode(&read(text)).expect("what is read can be written");
        assert_eq!(dag_json::encode(&read(again.clone())), Ok(again));
    }
});
