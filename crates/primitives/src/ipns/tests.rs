use proptest::prelude::*;

use super::*;
use crate::keys::{KeyType, Keypair, PeerId};

#[path = "vectors.rs"]
mod vectors;

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

fn path(text: &str) -> ContentPath {
    ContentPath::new(text).unwrap()
}

fn hex(text: &str) -> Bytes {
    data_encoding::HEXLOWER
        .decode(text.as_bytes())
        .unwrap()
        .into()
}

const CID: &str = "/ipfs/bafkreidb4xu4pn2wecnsec2qmebq3qon4zfej7tzpe6ojdbbqsoisd7l2a";

#[test]
fn records_of_kubo_are_valid() {
    for ((name, record), value) in [
        (
            vectors::ED25519,
            "/ipfs/bafkreicysg23kiwv34eg2d7qweipxwosdo2py4ldv42nbauguluen5v6am",
        ),
        (
            vectors::RSA,
            "/ipfs/bafkreicysg23kiwv34eg2d7qweipxwosdo2py4ldv42nbauguluen5v6am",
        ),
        (
            vectors::DIRECTORY,
            "/ipfs/bafybeib3ffl2teiqdncv3mkz4r23b5ctrwkzrrhctdbne6iboayxuxk5ui",
        ),
    ] {
        let name: PeerId = name.parse().unwrap();
        let bytes = hex(record);
        let record = Record::decode(&bytes).unwrap();
        record.verify(&name, now()).unwrap();
        assert_eq!(record.value().unwrap(), path(value));
        assert_eq!(record.sequence(), Ok(0));
        assert_eq!(record.validity_type(), Ok(VALIDITY_EOL));
        assert!(record.validity().unwrap().starts_with("2123-04-12T1"));
        assert_eq!(record.ttl(), Ok(Duration::from_secs(3_155_760_000)));
        assert_eq!(record.signature_type(), SignatureType::V1AndV2);
        assert_eq!(record.fields.encode(), bytes);
        let far = record.valid_until().unwrap() + Duration::from_secs(1);
        assert_eq!(record.verify(&name, far), Err(RecordError::Expired));
        let other = Keypair::from_ed25519_seed(&[1; 32]).peer_id();
        assert!(record.verify(&other, now()).is_err());
    }
}

#[test]
fn routing_keys_have_the_name() {
    let name: PeerId = vectors::ED25519.0.parse().unwrap();
    let key = routing_key(&name);
    assert!(key.starts_with(b"/ipns/\x00\x24\x08\x01\x12\x20"));
    assert_eq!(name_of_key(&key), Some(name));
    assert_eq!(name_of_key(b"/pk/x"), None);
    assert_eq!(name_of_key(b"/ipns/x"), None);
}

fn options(sequence: u64) -> RecordOptions {
    RecordOptions::new(sequence, now() + Duration::from_nanos(1_500_000_001))
}

#[test]
fn every_kind_of_key_signs() {
    for (kind, in_record) in [
        (KeyType::Ed25519, false),
        (KeyType::Secp256k1, false),
        (KeyType::Ecdsa, true),
        (KeyType::Rsa, true),
    ] {
        let key = Keypair::generate(kind).unwrap();
        let made = Record::sign(&key, &path(CID), &options(7)).unwrap();
        let read = Record::decode(made.as_bytes()).unwrap();
        assert_eq!(read, made);
        read.verify(&key.peer_id(), now()).unwrap();
        assert_eq!(read.fields.public_key.is_empty(), !in_record, "{kind}");
        assert_eq!(read.value().unwrap(), path(CID));
        assert_eq!(read.sequence(), Ok(7));
        assert_eq!(read.validity(), Ok("2027-01-15T08:00:01.500000001Z"));
        assert_eq!(read.ttl(), Ok(DEFAULT_TTL));
        let left = Duration::from_nanos(1_500_000_001);
        assert_eq!(read.cache_for(now()), Some(left));
        assert_eq!(read.cache_for(now() + 2 * left), Some(Duration::ZERO));
    }
}

#[test]
fn records_without_v1_are_read() {
    let key = Keypair::from_ed25519_seed(&[1; 32]);
    let lean = RecordOptions {
        v1_compatible: false,
        ..options(u64::MAX)
    };
    let record = Record::sign(&key, &path(CID), &lean).unwrap();
    assert_eq!(record.signature_type(), SignatureType::V2);
    assert_eq!(record.fields.value, Bytes::new());
    let read = Record::decode(record.as_bytes()).unwrap();
    read.verify(&key.peer_id(), now()).unwrap();
    assert_eq!(read.sequence(), Ok(u64::MAX));
    // Made for readers of V1 alone.
    let old = Fields {
        data: Bytes::new(),
        ..read.fields.clone()
    };
    assert_eq!(
        Record::decode(&old.encode().into()),
        Err(RecordError::NoData)
    );
}

/// A record with other fields, and their data signed or not.
fn forged(key: &Keypair, change: impl FnOnce(&mut Fields)) -> Record {
    let record = Record::sign(key, &path(CID), &options(1)).unwrap();
    let mut fields = record.fields;
    change(&mut fields);
    Record::decode(&fields.encode().into()).unwrap()
}

#[test]
fn forgeries_are_refused() {
    let key = Keypair::from_ed25519_seed(&[1; 32]);
    let other = Keypair::from_ed25519_seed(&[2; 32]);
    let name = key.peer_id();
    let verify = |record: &Record| record.verify(&name, now()).unwrap_err();
    let unsigned = forged(&key, |fields| fields.signature_v2 = Bytes::new());
    assert_eq!(verify(&unsigned), RecordError::Signature);
    let by_other = Record::sign(&other, &path(CID), &options(1)).unwrap();
    assert_eq!(verify(&by_other), RecordError::Signature);
    let with_key = forged(&other, |fields| {
        fields.public_key = other.public().encode().into();
    });
    assert_eq!(verify(&with_key), RecordError::OtherKey);
    let bad_key = forged(&key, |fields| fields.public_key = Bytes::from_static(b"x"));
    assert!(matches!(verify(&bad_key), RecordError::PublicKey(_)));
    let later = forged(&key, |fields| {
        fields.validity = Bytes::from_static(b"2999-");
    });
    assert_eq!(verify(&later), RecordError::Mismatch(VALIDITY));
    let higher = forged(&key, |fields| fields.sequence = Some(2));
    assert_eq!(verify(&higher), RecordError::Mismatch(SEQUENCE));
    let elsewhere = forged(&key, |fields| fields.value = Bytes::from_static(b"/ipfs/x"));
    assert_eq!(verify(&elsewhere), RecordError::Mismatch(VALUE));
    // A key that does not stand in its name has to stand in the record.
    let hashed = Keypair::generate(KeyType::Ecdsa).unwrap();
    let without = forged(&hashed, |fields| fields.public_key = Bytes::new());
    assert_eq!(
        without.verify(&hashed.peer_id(), now()),
        Err(RecordError::NoPublicKey)
    );
}

#[test]
fn data_that_lacks_something_is_refused() {
    let read = |data: Ipld| {
        let fields = Fields {
            data: dag_cbor::encode(&data).unwrap().into(),
            ..Fields::default()
        };
        Record::decode(&fields.encode().into())
    };
    assert_eq!(read(Ipld::Null), Err(RecordError::Field("the data")));
    let record = read(Ipld::Map(vec![
        (VALUE.into(), Ipld::Bytes(Bytes::from_static(b"nowhere"))),
        (VALIDITY_TYPE.into(), Ipld::Integer(1)),
        (SEQUENCE.into(), Ipld::Integer(-1)),
    ]))
    .unwrap();
    assert_eq!(record.value(), Err(RecordError::Value));
    assert_eq!(record.valid_until(), Err(RecordError::ValidityType(1)));
    assert_eq!(record.sequence(), Err(RecordError::Field(SEQUENCE)));
    assert_eq!(record.ttl(), Err(RecordError::Field(TTL)));
    let empty = read(Ipld::Map(vec![
        (VALUE.into(), Ipld::Bytes(Bytes::new())),
        (VALIDITY_TYPE.into(), Ipld::Integer(0)),
        (VALIDITY.into(), Ipld::Bytes(Bytes::from_static(b"soon"))),
    ]))
    .unwrap();
    assert_eq!(empty.value().unwrap(), path(NO_VALUE));
    assert_eq!(empty.valid_until(), Err(RecordError::Validity));
    // The binary form of a CID.
    let cid = path(CID).cid().unwrap().to_bytes();
    let binary = read(Ipld::Map(vec![(VALUE.into(), Ipld::Bytes(cid.into()))])).unwrap();
    assert_eq!(binary.value().unwrap(), path(CID));
}

#[test]
fn long_records_are_neither_read_nor_made() {
    assert_eq!(
        Record::decode(&vec![0; MAX_RECORD + 1].into()),
        Err(RecordError::TooLarge)
    );
    let key = Keypair::from_ed25519_seed(&[1; 32]);
    let long = path(&format!("{CID}/{}", "n".repeat(6 << 10)));
    assert_eq!(
        Record::sign(&key, &long, &options(1)),
        Err(RecordError::TooLarge)
    );
}

#[test]
fn the_newest_is_preferred() {
    let key = Keypair::from_ed25519_seed(&[1; 32]);
    let make = |sequence, seconds| {
        let until = now() + Duration::from_secs(seconds);
        Record::sign(&key, &path(CID), &RecordOptions::new(sequence, until)).unwrap()
    };
    let ordered = [make(1, 50), make(2, 10), make(2, 20), make(u64::MAX, 5)];
    for pair in ordered.windows(2) {
        assert!(pair[0].preference(&pair[1]).is_lt());
        assert!(pair[1].preference(&pair[0]).is_gt());
    }
}

proptest! {
    #[test]
    fn what_is_signed_is_read(
        sequence: u64,
        seconds in 0_u64..200_000_000_000,
        nanos in 0_u32..1_000_000_000,
        ttl: u64,
        v1_compatible: bool,
        name in "[a-z]{1,40}",
    ) {
        let key = Keypair::from_ed25519_seed(&[3; 32]);
        let until = SystemTime::UNIX_EPOCH + Duration::new(seconds, nanos);
        let options = RecordOptions {
            sequence,
            valid_until: until,
            ttl: Duration::from_nanos(ttl),
            v1_compatible,
        };
        let value = path(&format!("{CID}/{name}"));
        let record = Record::sign(&key, &value, &options).unwrap();
        let read = Record::decode(record.as_bytes()).unwrap();
        prop_assert_eq!(read.verify(&key.peer_id(), until), Ok(()));
        prop_assert_eq!(read.value().unwrap(), value);
        prop_assert_eq!(read.sequence().unwrap(), sequence);
        prop_assert_eq!(read.valid_until().unwrap(), until);
        prop_assert_eq!(read.ttl().unwrap(), Duration::from_nanos(ttl));
    }

    /// Whatever a stranger changes in a record: it says what it said, or it is refused.
    #[test]
    fn changed_records_say_the_same_or_are_refused(at in 0_usize..500, flip in 1_u8..=255) {
        let (name, record) = vectors::ED25519;
        let whole = hex(record);
        let mut bytes = whole.to_vec();
        let at = at % bytes.len();
        bytes[at] ^= flip;
        let name: PeerId = name.parse().unwrap();
        if let Ok(record) = Record::decode(&bytes.into())
            && record.verify(&name, now()).is_ok()
        {
            let told = Record::decode(&whole).unwrap();
            prop_assert_eq!(record.data, told.data);
        }
    }
}
