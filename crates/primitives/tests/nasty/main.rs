//! Inputs that have stopped other implementations, under a cap on memory.
//!
//! The allocator counts; no input may take the process past the cap, nor end it. The cases run in one test, for the
//! count is of the process.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use bytes::Bytes;
use cairn_primitives::codec::{self, CodecError};
use cairn_primitives::{Cid, CidList, Codec, ContentPath, Ipld, Multihash, PeerId, multibase};

mod counting;

const CAP: usize = 64 << 20;
const CODECS: [Codec; 7] = [
    Codec::DAG_PB,
    Codec::DAG_CBOR,
    Codec::DAG_JSON,
    Codec::CBOR,
    Codec::JSON,
    Codec::DAG_JOSE,
    Codec::GIT_RAW,
];

/// Runs something and returns what it gave; fails when it took more than the cap beyond what was held before.
fn capped<T>(name: &str, run: impl FnOnce() -> T) -> T {
    let before = counting::restart();
    let result = run();
    let peak = counting::peak().saturating_sub(before);
    assert!(peak < CAP, "{name} took {peak} bytes");
    result
}

/// Every codec refuses the bytes, as a value and as links.
fn refused(name: &str, bytes: Vec<u8>) {
    let bytes = Bytes::from(bytes);
    for codec in CODECS {
        let name = format!("{name} as {codec}");
        assert!(
            capped(&name, || codec::decode(codec, &bytes)).is_err(),
            "{name}"
        );
        if !matches!(codec, Codec::CBOR | Codec::JSON) {
            assert!(
                capped(&name, || codec::links(codec, &bytes)).is_err(),
                "{name}"
            );
        }
    }
}

/// The head of a CBOR list or map with a count of 32 bits.
fn head(major: u8, count: u32) -> Vec<u8> {
    [&[major << 5 | 26][..], &count.to_be_bytes()].concat()
}

fn hash_of_nothing() -> Multihash {
    Multihash::sha2_256(&[])
}

#[test]
fn nothing_ends_the_process() {
    let two_mib = 2 << 20;

    // Endless nesting.
    for byte in [0x81, 0xa1, 0x9f, 0xd8, 0xc6, b'[', b'{', b'"', 0x12, 0x0a] {
        refused(&format!("2 MiB of {byte:#x}"), vec![byte; two_mib]);
    }
    refused("nested JSON maps", br#"{"a":"#.repeat(two_mib / 5));
    refused("nested JSON links", br#"{"/":"#.repeat(two_mib / 5));
    refused("nested CBOR maps", b"\xa1\x61a".repeat(two_mib / 3));
    let deep = [vec![0x81; two_mib], vec![0]].concat();
    assert_eq!(
        capped("closed nesting", || codec::decode(
            Codec::DAG_CBOR,
            &deep.into()
        )),
        Err(CodecError::TooDeep("dag-cbor"))
    );

    // Counts that nothing follows.
    for major in [2, 3, 4, 5] {
        refused(
            &format!("2^30 items of major type {major}"),
            head(major, 1 << 30),
        );
        refused(
            &format!("2^63 items of major type {major}"),
            vec![major << 5 | 27, 0x80, 0, 0, 0, 0, 0, 0, 0],
        );
        refused(
            &format!("2^64-1 items of major type {major}"),
            [vec![major << 5 | 27], vec![0xff; 8]].concat(),
        );
    }
    let nested: Vec<u8> = (0..14)
        .flat_map(|_| [head(5, 1 << 30), b"\x61a".to_vec()].concat())
        .collect();
    assert_eq!(nested.len(), 98);
    refused("nested maps of 2^30 entries", nested);
    let wide: Vec<u8> = (0..20).flat_map(|_| head(4, 1 << 30)).collect();
    refused("nested lists of 2^30 items", wide);

    // Lengths that nothing follows.
    refused(
        "a field of 2^63 bytes",
        [&[0x0a][..], &[0x80; 9], &[0x01]].concat(),
    );
    refused(
        "a link of 2^63 bytes",
        [&[0x12][..], &[0xff; 8], &[0x7f]].concat(),
    );
    refused(
        "a CID of 2^63 bytes",
        [&[0x12, 0x0b, 0x0a][..], &[0xff; 8], &[0x7f, 0]].concat(),
    );

    // Many small values: whole blocks of them are read, but not more than memory is for.
    let bytes = Bytes::from(vec![0x80; two_mib]);
    assert!(
        capped("empty lists in a row", || codec::decode(
            Codec::DAG_CBOR,
            &bytes
        ))
        .is_err()
    );
    let nulls = Bytes::from([head(4, two_mib as u32), vec![0xf6; two_mib]].concat());
    let error = capped("2 Mi nulls", || codec::decode(Codec::DAG_CBOR, &nulls)).unwrap_err();
    assert_eq!(error, CodecError::TooLarge("dag-cbor"));
    let zeros = Bytes::from(format!("[{}0]", "0,".repeat(two_mib / 2)));
    assert!(capped("1 Mi zeros", || codec::decode(Codec::DAG_JSON, &zeros)).is_err());
    let keys: Vec<u8> = (0..400_000u32)
        .flat_map(|n| [&[0x64][..], format!("{n:04x}").as_bytes(), &[0]].concat())
        .collect();
    let keys = Bytes::from([head(5, 400_000), keys].concat());
    assert!(capped("400,000 keys", || codec::decode(Codec::DAG_CBOR, &keys)).is_err());
    assert_eq!(
        capped("links of nulls", || codec::links(Codec::DAG_CBOR, &nulls)),
        Ok(CidList::new())
    );
    let some = Bytes::from([head(4, 200_000), vec![0xf6; 200_000]].concat());
    assert!(
        matches!(capped("200,000 nulls", || codec::decode(Codec::DAG_CBOR, &some)), Ok(Ipld::List(items)) if items.len() == 200_000)
    );

    let lists = Bytes::from([head(4, 170_000), b"\x81\x00".repeat(170_000)].concat());
    assert!(capped("170,000 lists", || codec::decode(Codec::DAG_CBOR, &lists)).is_ok());
    let maps = Bytes::from([head(4, 170_000), b"\xa1\x60\x00".repeat(170_000)].concat());
    assert!(capped("170,000 maps", || codec::decode(Codec::DAG_CBOR, &maps)).is_ok());

    // Nothing but links, each of eight bytes.
    let link = b"\xd8\x2a\x45\x00\x01\x55\x00\x00";
    let many = [head(4, 2 << 20), link.repeat(2 << 20)].concat();
    let found = capped("links as CBOR", || codec::links(Codec::DAG_CBOR, &many));
    assert_eq!(found.map(|links| links.len()), Ok(2 << 20));
    let many = b"\x12\x06\x0a\x04\x01\x55\x00\x00".repeat(2 << 20);
    let found = capped("links as protobuf", || codec::links(Codec::DAG_PB, &many));
    assert_eq!(found.map(|links| links.len()), Ok(2 << 20));

    // Many keys, all the same.
    let same = [head(5, 200_000), b"\x61a\x01".repeat(200_000)].concat();
    let error = capped("repeated keys", || {
        codec::decode(Codec::DAG_CBOR, &same.into())
    })
    .unwrap_err();
    assert_eq!(error, CodecError::RepeatedKey("a".into()));

    // Objects of Git: sizes that nothing follows, and as many entries, lines and tags as there is room for.
    for size in [
        "99999999",
        "9223372036854775807",
        "-1",
        "18446744073709551616",
    ] {
        let blob = format!("blob {size}\0x");
        refused(&blob, blob.clone().into_bytes());
    }
    let entries: Vec<u8> = (0..two_mib as u32 / 25)
        .flat_map(|n| [b" ", &n.to_be_bytes()[1..], b"\0", &[7; 20]].concat())
        .collect();
    let entries: Vec<u8> = [b"tree 0\0".to_vec(), entries].concat();
    let line = |text: &str| {
        let tree = format!("commit 0\0tree {}\n", "a".repeat(40));
        (tree + &text.repeat(two_mib / text.len())).into_bytes()
    };
    let tag = format!("mergetag object {}\n \n", "a".repeat(40));
    let parent = format!("parent {}\n", "a".repeat(40));
    let bytes = b"\xff".repeat(two_mib);
    for (name, object) in [
        ("entries", entries),
        ("short lines", line("x\n")),
        ("long lines", line(&"x".repeat(two_mib))),
        ("mergetags", line(&tag)),
        ("parents", line(&parent)),
        ("people", line("author a <b> 1 2\n")),
        ("endless people", line("author a <b c")),
        ("spaces", line("author   ")),
        ("text that is none", [b"tag 0\0\n".to_vec(), bytes].concat()),
    ] {
        let object = Bytes::from(object);
        let _ = capped(name, || codec::decode(Codec::GIT_RAW, &object));
        let _ = capped(name, || codec::links(Codec::GIT_RAW, &object));
        let _ = capped(name, || {
            codec::convert(Codec::GIT_RAW, Codec::GIT_RAW, &object)
        });
    }

    // Objects of JOSE: many signatures, many numbers in a header.
    let cid = Cid::v1(Codec::RAW, hash_of_nothing()).to_bytes();
    let signed = |signatures: Vec<u8>| {
        let head = [b"\xa2\x67payload\x58", &[cid.len() as u8][..], &cid].concat();
        Bytes::from([head, b"\x6asignatures".to_vec(), signatures].concat())
    };
    let one = b"\xa1\x69signature\x40";
    let many = signed([head(4, 160_000), one.repeat(160_000)].concat());
    let _ = capped("signatures", || codec::decode(Codec::DAG_JOSE, &many));
    let header = [&b"\x81\xa2\x66header"[..], &head(4, 1 << 18), &[1; 1 << 18]].concat();
    let numbers = signed([header, one[1..].to_vec()].concat());
    assert_eq!(
        capped("numbers", || codec::links(Codec::DAG_JOSE, &numbers)).map(|links| links.len()),
        Ok(1)
    );

    // Multihashes and CIDs.
    let hash = Multihash::sha2_256(b"x");
    for end in 0..34 {
        assert!(Multihash::from_bytes(&hash.as_bytes()[..end]).is_err());
        assert!(PeerId::from_bytes(&hash.as_bytes()[..end]).is_err());
        assert!(Cid::from_bytes(&hash.as_bytes()[..end]).is_err());
    }
    let identity = |length: u8| [&[1, 0x55, 0, length | 0x80, 1][..], &[0; 129]].concat();
    assert!(Cid::from_bytes(&identity(1)).is_err());
    assert!(Cid::from_bytes(&identity(0)[..133]).is_ok());
    for base in multibase::NAMES {
        assert!(
            multibase::encode(base.1, &identity(1))
                .parse::<Cid>()
                .is_err()
        );
    }
    assert!(
        Multihash::read(&[0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]).is_err()
    );
    let link = [&[0xd8, 0x2a, 0x58, 135, 0][..], &identity(1)].concat();
    assert!(codec::links(Codec::DAG_CBOR, &link).is_err());

    // Texts.
    for prefix in ["", "/ipfs/", "b", "z", "k", "9", "🚀", "\0", "Qm", "12D3"] {
        let text = prefix.to_owned() + &"1".repeat(two_mib);
        capped("a long text", || {
            assert!(text.parse::<Cid>().is_err());
            assert!(text.parse::<PeerId>().is_err());
            assert!(text.parse::<ContentPath>().is_err());
        });
    }
    let slashes = "/".repeat(two_mib) + &"../".repeat(two_mib / 3);
    assert!(capped("a path of nothing", || slashes.parse::<ContentPath>()).is_err());
}
