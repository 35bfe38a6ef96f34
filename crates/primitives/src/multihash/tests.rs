use super::*;
use crate::{Cid, Codec};

/// One line a function: its name, and the CID that Kubo gives the block `hello`.
const HASHES_OF_HELLO: &str = include_str!("../../tests/vectors/hashes_of_hello.txt");

#[test]
fn every_function_gives_the_cids_of_kubo() {
    let mut count = 0;
    for line in HASHES_OF_HELLO.lines() {
        let (name, cid) = line.split_once(' ').unwrap();
        let function = HashFunction::from_name(name).unwrap();
        let hash = function.digest(b"hello").unwrap();
        assert_eq!(Cid::v1(Codec::RAW, hash.clone()).to_string(), cid, "{name}");
        assert_eq!(function.default_length().unwrap_or(5), hash.digest().len());
        assert!(hash.matches(b"hello").unwrap() && !hash.matches(b"hullo").unwrap());
        assert_eq!(HashFunction::verify_allowed(&hash), Ok(()));
        let mut pieces = function.hasher().unwrap();
        pieces.update(b"he");
        pieces.update(b"llo");
        assert_eq!(pieces.finish().unwrap(), hash);
        count += 1;
    }
    assert_eq!(count, 59);
}

#[test]
fn lists_what_kubo_lists() {
    let allowed: Vec<_> = HashFunction::all()
        .filter(|function| function.is_allowed())
        .collect();
    assert_eq!(allowed.len(), 73);
    assert!(allowed.iter().all(|function| function.is_built_in()));
    assert!(HashFunction::all().is_sorted_by_key(HashFunction::code));
    for function in HashFunction::all() {
        assert_eq!(HashFunction::from_code(function.code()), Ok(function));
        assert_eq!(HashFunction::from_name(function.name()), Ok(function));
    }
    assert_eq!(
        HashFunction::from_name("nope").unwrap_err().to_string(),
        "unknown hash function \"nope\""
    );
    assert!(HashFunction::from_name("sha2-384").is_err());
}

#[test]
fn digests_are_cut_and_drawn_out() {
    let length = |name: &str, length| {
        HashFunction::from_name(name)
            .unwrap()
            .digest_with_length(b"block data", length)
    };
    let cid = |hash| Cid::v1(Codec::RAW, hash).to_string();
    assert_eq!(
        cid(length("sha2-256", 20).unwrap()),
        "bafkrefexcowy2vhpk5ywisled7jy3faigf6o7sy"
    );
    for long in [
        ("sha2-256", 33),
        ("blake3", 129),
        ("blake3", 0),
        ("shake-256", 65),
        ("blake2b-160", 21),
    ] {
        assert!(
            matches!(length(long.0, long.1), Err(HashError::Length { .. })),
            "{long:?}"
        );
    }
    for (name, length_in_bytes) in [
        ("sha2-256", 20),
        ("blake3", 64),
        ("blake3", 128),
        ("shake-256", 20),
    ] {
        let hash = length(name, length_in_bytes).unwrap();
        assert_eq!(hash.digest().len(), length_in_bytes);
        assert!(hash.matches(b"block data").unwrap());
        assert!(!hash.matches(b"block dat").unwrap());
    }
    assert!(!Multihash::wrap(0x12, &[]).unwrap().matches(b"").unwrap());
    let identity = HashFunction::from_code(IDENTITY).unwrap();
    assert!(matches!(
        identity.digest(&[0; 129]),
        Err(HashError::TooLong {
            code: 0,
            length: 129
        })
    ));
    assert!(matches!(
        identity.digest_with_length(b"abc", 2),
        Err(HashError::IdentityLength { length: 2, data: 3 })
    ));
    let mut hasher = identity.hasher().unwrap();
    (0..3).for_each(|_| hasher.update(&[0; 100]));
    assert!(matches!(
        hasher.finish(),
        Err(HashError::TooLong {
            code: 0,
            length: 300
        })
    ));
}

#[test]
fn refuses_what_kubo_refuses() {
    let refusal = |code, digest: &[u8]| {
        HashFunction::verify_allowed(&Multihash::wrap(code, digest).unwrap())
            .map_err(|error| error.to_string())
    };
    assert_eq!(
        refusal(0xd5, &[0; 16]).unwrap_err(),
        "the hash function is not secure enough to be used"
    );
    assert_eq!(
        refusal(0xb213, &[0; 19]).unwrap_err(),
        "the hash function is not secure enough to be used"
    );
    assert_eq!(
        refusal(0x9999, &[0; 32]).unwrap_err(),
        "the hash function is not secure enough to be used"
    );
    assert_eq!(
        refusal(0x12, &[0; 10]).unwrap_err(),
        "the sha2-256 digest of 10 bytes is too short: at least 20 bytes"
    );
    assert_eq!(refusal(0x00, &[]), Ok(()));
    assert_eq!(refusal(0x11, &[0; 20]), Ok(()));
}

#[test]
fn hostile_bytes_are_errors() {
    let whole = Multihash::sha2_256(b"x");
    for end in 0..whole.as_bytes().len() {
        assert!(Multihash::from_bytes(&whole.as_bytes()[..end]).is_err());
    }
    let mut long = whole.as_bytes().to_vec();
    long.push(0);
    assert_eq!(Multihash::from_bytes(&long), Err(HashError::Trailing(1)));
    assert!(matches!(
        Multihash::read(&[0, 0x81, 1, 0]),
        Err(HashError::TooLong {
            code: 0,
            length: 129
        })
    ));
    let huge = [0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
    assert!(matches!(
        Multihash::read(&huge),
        Err(HashError::TooLong { .. })
    ));
    assert_eq!(
        Multihash::wrap(0x12, &[0; 129]).unwrap_err().to_string(),
        "the sha2-256 digest of 129 bytes is too long: at most 128 bytes"
    );
}

#[test]
fn long_digests_hold_and_compare() {
    for length in [0, 1, 34, 35, 36, 37, 127, 128] {
        let hash = Multihash::wrap(0x1e, &vec![7; length]).unwrap();
        assert_eq!(hash.digest(), vec![7; length]);
        assert_eq!(hash.code(), 0x1e);
        assert_eq!(Multihash::from_bytes(hash.as_bytes()).unwrap(), hash);
    }
    assert!(size_of::<Multihash>() <= 40);
    assert!(size_of::<Cid>() <= 56);
}
