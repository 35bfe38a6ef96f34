//! CARv2: headers and indexes are read or refused, and what is written is read back.
#![no_main]

use bytes::Bytes;
use cairn_primitives::Multihash;
use cairn_primitives::car::index::{Index, IndexKind, IndexWriter};
use cairn_primitives::car::v2::{HEADER_LEN, Header, PRAGMA};
use cairn_primitives::car::{Decoder, Limits};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Some(bytes) = data.first_chunk::<HEADER_LEN>()
        && let Ok(header) = Header::decode(bytes)
    {
        let mut written = Vec::new();
        header.write(&mut written);
        assert_eq!(written, [&PRAGMA[..], bytes].concat());
    }

    // As the rest of an archive.
    let mut decoder = Decoder::new(Limits {
        header: 4096,
        section: 65536,
        zero_section_is_end: true,
    });
    decoder.push(Bytes::from([&PRAGMA[..], data].concat()));
    while let Ok(Some(_)) = decoder.next() {}
    let _ = decoder.finish();

    // As an index.
    if let Ok(index) = Index::decode(&Bytes::copy_from_slice(data)) {
        assert!(index.len() <= data.len());
        let hash = Multihash::sha2_256(data);
        assert!(index.find(&hash).count() <= index.len());
    }

    // As multihashes to index.
    for kind in [IndexKind::Sorted, IndexKind::MultihashSorted] {
        let mut writer = IndexWriter::new();
        let mut rest = data;
        let mut added = Vec::new();
        while let Ok((hash, used)) = Multihash::read(rest) {
            writer.add(hash.clone(), added.len() as u64);
            added.push(hash);
            rest = &rest[used..];
        }
        let mut written = Vec::new();
        writer.write(kind, &mut written);
        let index = Index::decode(&Bytes::from(written)).expect("what is written can be read");
        for (offset, hash) in added.iter().enumerate() {
            assert!(
                hash.identity_data().is_some()
                    || index.find(hash).any(|found| found == offset as u64)
            );
        }
    }
});
