//! DAG-JSON: the canonical form of a value is stable, and the links are those of the value.
#![no_main]

use bytes::Bytes;
use cairn_primitives::Codec;
use cairn_primitives::codec::{self, dag_cbor, dag_json};
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
    let again =
        dag_json::decode(&Bytes::from(canonical.clone())).expect("what is written can be read");
    assert_eq!(dag_json::encode(&again), Ok(canonical));
    let binary = dag_cbor::encode(&value).expect("what is read can be written");
    let again =
        dag_cbor::decode(&Bytes::from(binary.clone())).expect("what is written can be read");
    assert_eq!(dag_cbor::encode(&again), Ok(binary));
});
