use super::*;

#[test]
fn reads_both_versions() {
    for text in [
        "QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o",
        "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy",
        "bafkrgqe3ohjcjplc6n4f3fwunlj6upltggn7xqujbsvnvyw764srszz4u4rshq6ztos4chl4plgg4ffyyxnayrtdi5oc4xb2332g645433aeg",
    ] {
        let cid: Cid = text.parse().unwrap();
        assert_eq!(cid.to_string(), text);
        assert_eq!(Cid::from_bytes(&cid.to_bytes()).unwrap(), cid);
        assert_eq!(cid.to_bytes().len(), cid.encoded_len());
        for (_, base) in multibase::NAMES {
            let again = Cid::parse(&cid.to_v1().encode(*base)).unwrap();
            assert_eq!(again, (cid.to_v1(), *base));
        }
    }
}

#[test]
fn versions_turn_into_each_other() {
    let v0: Cid = "QmU8z8LCjb15qj7smRRiM3UtvMucZGHvtGH6u6ysHhFA1X"
        .parse()
        .unwrap();
    let v1: Cid = "bafybeicwfenyiofylrcbyozknyartjpcmnqyhkiej5hbsyyoj2hryix6si"
        .parse()
        .unwrap();
    assert_eq!(v0.to_v1(), v1);
    assert_eq!(v1.to_v0(), Some(v0));
    assert_eq!(v1.to_raw().to_v0(), None);
}

#[test]
fn errors_say_what_is_wrong() {
    for (text, message) in [
        ("z", "invalid CID: it is shorter than any CID"),
        ("zz", "invalid CID: unknown version 57"),
        ("z12", "invalid CID: unknown version 0"),
        (
            "Qm1",
            "invalid CID: no multibase encoding has the prefix 'Q'",
        ),
        ("bafyx", "invalid CID: a multihash has at least 2 bytes"),
        (
            "QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff50",
            "invalid CID: it looks like a CIDv0 but is not base58btc",
        ),
        ("f01", "invalid CID: the data ends inside a varint"),
        (
            "f01551220aa",
            "invalid CID: the data ends inside the digest",
        ),
        ("f12200000", "invalid CID: the bytes end inside a CIDv0"),
        (
            "f0155808080808080808080010000",
            "invalid CID: a varint has more than 63 bits",
        ),
        ("b0189", "invalid CID: invalid base32 text at byte 0"),
        ("f015500000000", "invalid CID: 2 bytes follow it"),
    ] {
        assert_eq!(Cid::parse(text).unwrap_err().to_string(), message, "{text}");
    }
    let md5: Cid = "f0155d50100".parse().unwrap();
    assert_eq!(md5.hash().code(), 0xd5);
}

/// The spec forbids it, Kubo reads it.
#[test]
fn a_version_0_is_read_behind_a_prefix() {
    let v0: Cid = "QmU8z8LCjb15qj7smRRiM3UtvMucZGHvtGH6u6ysHhFA1X"
        .parse()
        .unwrap();
    for base in [Base::Base16Lower, Base::Base58Btc] {
        let text = multibase::encode(base, &v0.to_bytes());
        assert_eq!(Cid::parse(&text), Ok((v0.clone(), base)));
    }
}

#[test]
fn case_does_not_matter_in_base32() {
    let upper = "bafyBEIANSN2YI3OX4OVATHLH3JMJEVHSZSIHE5B7LXSJ5GYYAJ7YBHWD6E";
    assert_eq!(
        upper.parse::<Cid>().unwrap().to_string(),
        upper.to_ascii_lowercase()
    );
}

#[test]
fn long_identity_is_refused() {
    let mut bytes = vec![1, 0x55, 0];
    varint::encode(129, &mut bytes);
    bytes.extend([0; 129]);
    assert!(matches!(
        Cid::read(&bytes),
        Err(CidError::Hash(HashError::TooLong {
            code: 0,
            length: 129
        }))
    ));
}
