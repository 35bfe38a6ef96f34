//! CARs: the same events come however the bytes are cut, and what is written is read back.
#![no_main]

use bytes::Bytes;
use cairn_primitives::car::{self, CarError, Decoder, Event, Limits, v1};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let bytes = Bytes::copy_from_slice(data);
    let whole = read(std::iter::once(bytes.clone()));
    let step = usize::from(data.last().copied().unwrap_or(0)) % 40 + 1;
    let cut = read(
        (0..data.len())
            .step_by(step)
            .map(|at| bytes.slice(at..data.len().min(at + step))),
    );
    assert_eq!(whole, cut);

    let (events, _) = whole;
    let Some(Event::Header { roots, .. }) = events.first() else {
        return;
    };
    let mut written = Vec::new();
    v1::write_header(roots, &mut written);
    for event in &events[1..] {
        let Event::Block(block) = event else {
            panic!("a second header")
        };
        let _ = car::verify(block);
        let before = written.len();
        v1::write_block_prefix(&block.cid, block.data.len(), &mut written);
        written.extend_from_slice(&block.data);
        assert_eq!(
            written.len() - before,
            v1::section_len(&block.cid, block.data.len())
        );
    }
    let (again, end) = read(std::iter::once(Bytes::from(written)));
    assert_eq!(end, Ok(()));
    assert!(
        matches!(again.first(), Some(Event::Header { version: 1, roots: read }) if read == roots)
    );
    assert_eq!(again[1..], events[1..]);
});

fn read(pieces: impl Iterator<Item = Bytes>) -> (Vec<Event>, Result<(), CarError>) {
    let mut decoder = Decoder::new(Limits {
        header: 4096,
        section: 65536,
        zero_section_is_end: false,
    });
    let mut events = Vec::new();
    for piece in pieces {
        decoder.push(piece);
        loop {
            match decoder.next() {
                Ok(Some(event)) => events.push(event),
                Ok(None) => break,
                Err(error) => return (events, Err(error)),
            }
        }
    }
    (events, decoder.finish())
}
