//! IPNS records: what is read is read again from what is written of it, and nobody signs with a key that is not there.
#![no_main]

use std::time::SystemTime;

use bytes::Bytes;
use cairn_primitives::PeerId;
use cairn_primitives::ipns::Record;
use cairn_primitives::keys::{Keypair, PublicKey};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(key) = PublicKey::decode(data) {
        let again = PublicKey::decode(&key.encode()).expect("what is written can be read");
        assert_eq!(again, key);
    }
    if let Ok(key) = Keypair::decode(data) {
        let again = Keypair::decode(&key.encode()).expect("what is written can be read");
        assert_eq!(again.peer_id(), key.peer_id());
    }
    let _ = Keypair::from_pkcs8_pem(data);
    let Ok(record) = Record::decode(&Bytes::copy_from_slice(data)) else {
        return;
    };
    let _ = record.value();
    let _ = record.validity();
    let _ = record.sequence();
    let _ = record.ttl();
    let name: PeerId = "12D3KooWLQzUv2FHWGVPXTXSZpdHs7oHbXub2G5WC8Tx4NQhyd2d"
        .parse()
        .expect("a peer id");
    let _ = record.verify(&name, SystemTime::UNIX_EPOCH);
});
