//! DAG-JSON: the canonical form of a value is stable, and the links are those of the value.
#![no_main]

use bytes::Bytes;
use cairn_primitives::codec::{self, dag_cbor, dag_json};
use cairn_primitives::{Codec, Ipld};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let bytes = Bytes::copy_from_slice(data);
    let _ = codec::decode(Codec::JSON, &bytes);
    let links = dag_json::links(data);
    let Ok(value) = dag_json::decode(&bytes) else {
        return;
    };
    assert_eq!(links, Ok(value.links()));
    let canonical = dag_json::encode(&value).expect("what is read can be written");
    // A float of minus zero is written as the integer -0, which is 0: after that nothing changes.
    let again = dag_json::encode(&read(&canonical)).expect("what is read can be written");
    assert_eq!(dag_json::encode(&read(&again)), Ok(again));
    let binary = dag_cbor::encode(&value).expect("what is read can be written");
    let again =
        dag_cbor::decode(&Bytes::from(binary.clone())).expect("what is written can be read");
    assert_eq!(dag_cbor::encode(&again), Ok(binary));
});

fn read(text: &[u8]) -> Ipld {
    dag_json::decode(&Bytes::copy_from_slice(text)).expect("what is written can be read")
}
