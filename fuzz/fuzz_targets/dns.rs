//! Answers of DNS servers: none makes the reader panic, or hold more than it was sent.
#![no_main]

use cairn_primitives::dns;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Some((id, _)) = data.split_first_chunk() else {
        return;
    };
    let id = u16::from_be_bytes(*id);
    // A good head and question before what is found, so that records are reached.
    let query = dns::txt_query(id, "a.b").expect("a domain");
    let mut message = query[..21].to_vec();
    message[2] |= 0x80;
    message[7] = data[0];
    message.extend_from_slice(data);
    for message in [data, &message] {
        if let Ok(found) = dns::txt_answer(message, id, "a.b") {
            let held: usize = found.texts.iter().map(Vec::len).sum();
            assert!(held <= message.len());
        }
    }
});
