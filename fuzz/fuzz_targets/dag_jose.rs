//! DAG-JOSE: the canonical form of a value is stable, and the links are those of the value.
#![no_main]

use bytes::Bytes;
use cairn_primitives::codec::{dag_jose, dag_json};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let bytes = Bytes::copy_from_slice(data);
    // Texts become blocks too.
    if let Ok(value) = dag_json::decode(&bytes)
        && let Ok(block) = dag_jose::encode(&value)
    {
        dag_jose::decode(&Bytes::from(block)).expect("what is written can be read");
    }
    let links = dag_jose::links(data);
    let Ok(value) = dag_jose::decode(&bytes) else {
        return;
    };
    assert_eq!(links, Ok(value.links()));
    dag_json::encode(&value).expect("what is read has a text");
    // Not all that is read can be written: headers may hold bytes then.
    let Ok(canonical) = dag_jose::encode(&value) else {
        return;
    };
    let again =
        dag_jose::decode(&Bytes::from(canonical.clone())).expect("what is written can be read");
    assert_eq!(dag_jose::encode(&again), Ok(canonical));
});
