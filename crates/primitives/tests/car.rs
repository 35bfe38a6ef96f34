//! CAR of both versions: round trips in any pieces, Kubo's messages, hostile archives.

#![allow(clippy::unwrap_used, reason = "a test fails so")]

use bytes::Bytes;
use cairn_primitives::Block;
use cairn_primitives::car::index::{Index, IndexKind, IndexWriter};
use cairn_primitives::car::{self, CarError, Decoder, Event, Limits, v1, v2};
use cairn_primitives::cid::{Cid, Codec};
use cairn_primitives::multihash::Multihash;
use proptest::prelude::*;

fn raw(data: &[u8]) -> Block {
    let cid = Cid::v1(Codec::RAW, Multihash::sha2_256(data));
    Block::new(cid, Bytes::copy_from_slice(data))
}

fn write_v1(roots: &[Cid], blocks: &[Block]) -> Vec<u8> {
    let mut out = Vec::new();
    v1::write_header(roots, &mut out);
    for block in blocks {
        let start = out.len();
        v1::write_block_prefix(&block.cid, block.data.len(), &mut out);
        out.extend_from_slice(&block.data);
        assert_eq!(
            out.len() - start,
            v1::section_len(&block.cid, block.data.len())
        );
    }
    out
}

/// A CARv2 with padding before its data and an index after it.
fn write_v2(data: &[u8], padding: usize, index: &[u8]) -> Vec<u8> {
    let mut header = v2::Header::new(data.len() as u64, true);
    header.data_offset += padding as u64;
    header.index_offset += padding as u64;
    let mut out = Vec::new();
    header.write(&mut out);
    out.resize(out.len() + padding, 0xaa);
    out.extend_from_slice(data);
    out.extend_from_slice(index);
    out
}

/// Reads an archive that comes in pieces.
fn read_with(
    limits: Limits,
    pieces: impl IntoIterator<Item = Bytes>,
) -> Result<Vec<Event>, CarError> {
    let mut decoder = Decoder::new(limits);
    let mut events = Vec::new();
    for piece in pieces {
        decoder.push(piece);
        while let Some(event) = decoder.next()? {
            events.push(event);
        }
    }
    decoder.finish()?;
    Ok(events)
}

fn read(bytes: &[u8]) -> Result<Vec<Event>, CarError> {
    read_with(Limits::default(), [Bytes::copy_from_slice(bytes)])
}

/// Cuts bytes at some places.
fn cut(bytes: &[u8], lengths: &[usize]) -> Vec<Bytes> {
    let mut rest = Bytes::copy_from_slice(bytes);
    let mut pieces: Vec<Bytes> = lengths
        .iter()
        .map(|&length| rest.split_to(length.min(rest.len())))
        .collect();
    pieces.push(rest);
    pieces
}

fn events(version: u8, roots: &[Cid], blocks: &[Block]) -> Vec<Event> {
    let header = Event::Header {
        version,
        roots: roots.to_vec(),
    };
    std::iter::once(header)
        .chain(blocks.iter().cloned().map(Event::Block))
        .collect()
}

#[test]
fn errors_say_what_is_wrong() {
    // The archives of the recordings `dag.import.*`.
    let block = raw(b"car block A");
    let roots = [block.cid.clone()];
    let whole = write_v1(&roots, std::slice::from_ref(&block));
    assert_eq!(
        read(b"this is not a car").unwrap_err().to_string(),
        "the archive ends too early"
    );
    assert_eq!(
        read(&whole[..whole.len() - 4]).unwrap_err().to_string(),
        "the archive ends too early"
    );
    assert_eq!(read(b"").unwrap_err().to_string(), "the archive is empty");
    assert_eq!(
        read(&write_v1(&[], std::slice::from_ref(&block))).unwrap(),
        events(1, &[], std::slice::from_ref(&block))
    );
    let mut corrupt = whole;
    *corrupt.last_mut().unwrap() = b'!';
    let Some(Event::Block(bad)) = read(&corrupt).unwrap().pop() else {
        panic!("no block")
    };
    assert_eq!(
        car::verify(&bad).unwrap_err().to_string(),
        "the content of block bafkreihlfvs6a7becu5imtif2622ovrqjdfkcz7lqujbapd5afxklvcxve does not match \
         its CID: it is that of bafkreiecghd6eoqopyjbvp6uljiawrzvtle4vl75znhckscejlb4f3azhe"
    );
    assert_eq!(car::verify(&block), Ok(()));
}

#[test]
fn blocks_are_slices_of_what_was_pushed() {
    let block = raw(&[7; 5000]);
    let bytes = Bytes::from(write_v1(&[], std::slice::from_ref(&block)));
    let at = bytes.len() - 5000;
    let Some(Event::Block(read)) = read_with(Limits::default(), [bytes.clone()]).unwrap().pop()
    else {
        panic!("no block")
    };
    assert_eq!(read.data.as_ptr(), bytes[at..].as_ptr());
}

#[test]
fn every_truncation_is_noticed() {
    let blocks = [raw(b"one"), raw(b""), raw(&[1; 300])];
    let roots = [blocks[0].cid.clone()];
    let data = write_v1(&roots, &blocks);
    let mut ends = vec![data.len()];
    for block in blocks.iter().rev() {
        ends.push(ends.last().unwrap() - v1::section_len(&block.cid, block.data.len()));
    }
    for length in 0..data.len() {
        // Between sections a CARv1 may end; nothing can be noticed there.
        assert_eq!(
            read(&data[..length]).is_ok(),
            ends.contains(&length),
            "{length}"
        );
    }
    let v2 = write_v2(&data, 9, b"");
    for length in 0..v2.len() {
        assert!(read(&v2[..length]).is_err(), "{length}");
    }
    assert_eq!(read(&v2).unwrap(), events(2, &roots, &blocks));
}

#[test]
fn hostile_lengths_are_refused_before_their_bytes_come() {
    let first_error = |bytes: &[u8]| {
        let mut decoder = Decoder::default();
        decoder.push(Bytes::copy_from_slice(bytes));
        loop {
            match decoder.next() {
                Ok(Some(_)) => {}
                Ok(None) => return None,
                Err(error) => {
                    assert_eq!(decoder.next().as_ref(), Err(&error));
                    assert_eq!(decoder.finish().as_ref(), Err(&error));
                    return Some(error);
                }
            }
        }
    };
    let huge = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
    let header = write_v1(&[], &[]);
    let behind_header = |bytes: &[u8]| first_error(&[&header, bytes].concat());
    assert_eq!(first_error(&huge), Some(CarError::HeaderTooLarge));
    assert_eq!(
        first_error(&[0x81, 0x80, 0x40]),
        Some(CarError::HeaderTooLarge)
    );
    assert_eq!(first_error(&[0x80, 0x80, 0x40]), None);
    assert!(matches!(
        first_error(&[0xff; 20]),
        Some(CarError::Length(_))
    ));
    assert_eq!(behind_header(&huge), Some(CarError::SectionTooLarge));
    assert!(matches!(
        behind_header(&[0xff; 20]),
        Some(CarError::Length(_))
    ));
    assert!(matches!(
        behind_header(&[0x80, 0x00]),
        Some(CarError::Length(_))
    ));
    assert!(matches!(
        behind_header(&[3, 1, 2, 3]),
        Some(CarError::Cid(_))
    ));
    assert_eq!(
        behind_header(&[0]).unwrap().to_string(),
        "a section does not begin with a CID".to_owned()
    );
    assert!(matches!(first_error(&[0]), Some(CarError::Header(_))));
    assert_eq!(
        first_error(b"\x0a\xa1\x67version\x03"),
        Some(CarError::Version(3))
    );
    // A CARv2 in a CARv2.
    let nested = write_v2(&v2::PRAGMA, 0, b"");
    assert_eq!(first_error(&nested), Some(CarError::PayloadVersion(2)));
    // A section that is longer than the data.
    let data = write_v1(&[], &[raw(b"block")]);
    let mut short = write_v2(&data, 0, b"");
    let size_at = v2::PRAGMA.len() + 24;
    short[size_at] -= 1;
    assert_eq!(first_error(&short), Some(CarError::Truncated));
}

#[test]
fn a_section_of_no_bytes_is_an_error_or_the_end() {
    let block = raw(b"block");
    let mut bytes = write_v1(&[], std::slice::from_ref(&block));
    bytes.extend_from_slice(&[0; 100]);
    assert!(matches!(read(&bytes), Err(CarError::Cid(_))));
    let limits = Limits {
        zero_section_is_end: true,
        ..Limits::default()
    };
    assert_eq!(
        read_with(limits, [bytes.into()]).unwrap(),
        events(1, &[], &[block])
    );
}

#[test]
fn limits_hold_exactly() {
    let block = raw(&[1; 100]);
    let header = write_v1(std::slice::from_ref(&block.cid), &[]).len() - 1;
    let bytes = write_v1(
        std::slice::from_ref(&block.cid),
        std::slice::from_ref(&block),
    );
    let limits = Limits {
        header,
        section: 136,
        ..Limits::default()
    };
    let read = |limits| read_with(limits, [Bytes::from(bytes.clone())]);
    assert!(read(limits).is_ok());
    let header = Limits {
        header: header - 1,
        ..limits
    };
    assert_eq!(read(header), Err(CarError::HeaderTooLarge));
    let section = Limits {
        section: 135,
        ..limits
    };
    assert_eq!(read(section), Err(CarError::SectionTooLarge));
}

#[test]
fn an_index_of_go_car_is_read() {
    // Two records of `MultihashIndexSorted` as the spec lays them out.
    let (a, b) = (Multihash::sha2_256(b"a"), Multihash::sha2_256(b"b"));
    let mut records = [(a.digest().to_vec(), 59u64), (b.digest().to_vec(), 200)];
    records.sort();
    let mut bytes = vec![0x81, 0x08];
    bytes.extend_from_slice(&1u32.to_le_bytes());
    bytes.extend_from_slice(&0x12u64.to_le_bytes());
    bytes.extend_from_slice(&1u32.to_le_bytes());
    bytes.extend_from_slice(&40u32.to_le_bytes());
    bytes.extend_from_slice(&80u64.to_le_bytes());
    for (digest, offset) in records {
        bytes.extend_from_slice(&digest);
        bytes.extend_from_slice(&offset.to_le_bytes());
    }
    let mut writer = IndexWriter::new();
    writer.add(b.clone(), 200);
    writer.add(a.clone(), 59);
    let mut written = Vec::new();
    writer.write(IndexKind::MultihashSorted, &mut written);
    assert_eq!(written, bytes);
    let index = Index::decode(&bytes.into()).unwrap();
    assert_eq!(index.find(&a).collect::<Vec<_>>(), [59]);
    assert_eq!(index.find(&b).collect::<Vec<_>>(), [200]);
    assert_eq!(index.find(&Multihash::sha2_256(b"c")).count(), 0);
}

#[test]
fn hostile_indexes_are_refused() {
    let decode = |parts: &[&[u8]]| Index::decode(&parts.concat().into());
    let sorted = &[0x80, 0x08][..];
    let one = &1u32.to_le_bytes()[..];
    assert!(decode(&[sorted, &0u32.to_le_bytes()]).unwrap().is_empty());
    assert_eq!(decode(&[&[0x82, 0x08]]), Err(CarError::IndexCodec(0x402)));
    for bad in [
        &[][..],
        &[sorted],
        &[sorted, &u32::MAX.to_le_bytes()],
        &[sorted, &i32::MAX.to_le_bytes()],
        &[sorted, one, &7u32.to_le_bytes(), &[0; 8]],
        &[sorted, one, &0u32.to_le_bytes(), &[0; 8]],
        &[sorted, one, &40u32.to_le_bytes(), &40u64.to_le_bytes()],
        &[sorted, one, &40u32.to_le_bytes(), &u64::MAX.to_le_bytes()],
        &[
            sorted,
            one,
            &40u32.to_le_bytes(),
            &41u64.to_le_bytes(),
            &[0; 41],
        ],
    ] {
        assert!(decode(bad).is_err(), "{bad:?}");
    }
}

fn any_block() -> impl Strategy<Value = Block> {
    prop::collection::vec(any::<u8>(), 0..400).prop_map(|data| raw(&data))
}

proptest! {
    #[test]
    fn round_trips_in_any_pieces(
        roots in prop::collection::vec(any_block(), 0..5),
        blocks in prop::collection::vec(any_block(), 0..20),
        lengths in prop::collection::vec(prop_oneof![0usize..4, 0usize..300], 0..400),
        padding in prop::option::of(0usize..100),
        trailer in prop::collection::vec(any::<u8>(), 0..50),
    ) {
        let roots: Vec<Cid> = roots.into_iter().map(|block| block.cid).collect();
        let data = write_v1(&roots, &blocks);
        let (bytes, version) = match padding {
            Some(padding) => (write_v2(&data, padding, &trailer), 2),
            None => (data, 1),
        };
        prop_assert_eq!(
            read_with(Limits::default(), cut(&bytes, &lengths)),
            Ok(events(version, &roots, &blocks))
        );
    }

    #[test]
    fn garbage_does_not_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..300),
        lengths in prop::collection::vec(0usize..30, 0..40),
        behind_header in any::<bool>(),
    ) {
        let mut archive = if behind_header { write_v1(&[], &[]) } else { Vec::new() };
        archive.extend_from_slice(&bytes);
        let _ = read_with(Limits::default(), cut(&archive, &lengths));
        let _ = Index::decode(&bytes.into());
    }

    #[test]
    fn an_index_finds_what_was_added(
        records in prop::collection::vec((0u8..60, any::<u64>(), any::<bool>()), 0..200),
        sorted in any::<bool>(),
    ) {
        let hash = |seed: u8, short: bool| {
            let whole = Multihash::sha2_256(&[seed]);
            if short {
                Multihash::wrap(0x12, &whole.digest()[..20]).unwrap()
            } else {
                whole
            }
        };
        let mut writer = IndexWriter::new();
        for &(seed, offset, short) in &records {
            writer.add(hash(seed, short), offset);
        }
        let mut bytes = Vec::new();
        writer.write(if sorted { IndexKind::Sorted } else { IndexKind::MultihashSorted }, &mut bytes);
        let index = Index::decode(&bytes.into()).unwrap();
        prop_assert_eq!(index.len(), records.len());
        for &(seed, _, short) in &records {
            let mut want: Vec<u64> = records
                .iter()
                .filter(|record| (record.0, record.2) == (seed, short))
                .map(|record| record.1)
                .collect();
            want.sort_unstable();
            prop_assert_eq!(index.find(&hash(seed, short)).collect::<Vec<_>>(), want);
        }
    }
}
