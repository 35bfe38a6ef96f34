//! Records of HTTP routers: a streamed one, and a whole response.
#![no_main]

use cairn_primitives::routing::PeerRecord;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let one = PeerRecord::from_json(data);
    let all = PeerRecord::all_from_json(data).unwrap_or_default();
    for record in one.iter().chain(&all) {
        assert!(record.addresses.len() <= 32 && record.protocols.len() <= 16);
        let again = record.peer.to_string().parse();
        assert_eq!(again.as_ref(), Ok(&record.peer));
    }
});
