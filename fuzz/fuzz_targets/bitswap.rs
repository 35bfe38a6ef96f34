//! Messages of bitswap: what is read is written back as it was understood, and nothing holds more than it was sent.
#![no_main]

use bytes::Bytes;
use cairn_primitives::bitswap::{
    MAX_BLOCKS, MAX_ENTRIES, MAX_PRESENCES, Message, Payload, Prefix, Version,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let data = Bytes::copy_from_slice(data);
    let Ok(message) = Message::decode(&data) else {
        return;
    };
    assert!(message.wantlist.len() <= MAX_ENTRIES);
    assert!(message.blocks.len() <= MAX_BLOCKS);
    assert!(message.presences.len() <= MAX_PRESENCES);
    let held: usize = message.blocks.iter().map(|block| block.data.len()).sum();
    assert!(held <= data.len());
    for block in &message.blocks {
        let _ = block.multihash();
    }
    for version in [Version::V1_0, Version::V1_1, Version::V1_2] {
        let mut expected = message.clone();
        if !version.has_presences() {
            expected.presences.clear();
            expected.pending_bytes = 0;
        }
        if version == Version::V1_0 {
            expected.blocks = expected
                .blocks
                .into_iter()
                .map(|block| Payload {
                    prefix: Prefix::V0,
                    ..block
                })
                .collect();
        }
        let encoded = Bytes::from(message.encode(version).concat());
        let length = message.encoded_len(version);
        let body = encoded.slice(encoded.len() - length..);
        assert_eq!(Message::decode(&body), Ok(expected));
    }
});
