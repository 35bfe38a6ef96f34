use super::*;
use crate::bytestring::ByteString;
use crate::codec::MAX_DEPTH;

fn hex(text: &str) -> Bytes {
    data_encoding::HEXLOWER
        .decode(text.as_bytes())
        .unwrap()
        .into()
}

fn read(text: &str) -> Result<Ipld, CodecError> {
    decode(&hex(text))
}

#[test]
fn canonical_values_round_trip() {
    for text in [
        "00",
        "17",
        "1818",
        "18ff",
        "190100",
        "1a00010000",
        "1b0000000100000000",
        "1bffffffffffffffff",
        "20",
        "3863",
        "3bffffffffffffffff",
        "40",
        "43010203",
        "60",
        "62c3a9",
        "80",
        "83010203",
        "a0",
        "a26161016262620a",
        "f4",
        "f5",
        "f6",
        "fb3ff8000000000000",
        "fb8000000000000000",
        "d82a450001550000",
        "a2616282d82a45000155000080616380",
    ] {
        let value = read(text).unwrap();
        assert_eq!(encode(&value).unwrap(), hex(text), "{text}");
        assert_eq!(links(&hex(text)).unwrap(), value.links());
    }
}

#[test]
fn older_forms_are_read_as_kubo_reads_them() {
    for (text, value) in [
        ("f7", Ipld::Null),
        ("1801", Ipld::Integer(1)),
        ("fa3fc00000", Ipld::Float(1.5)),
        ("f93e00", Ipld::Float(1.5)),
        ("f90001", Ipld::Float(2f64.powi(-24))),
        ("f9fbff", Ipld::Float(-65504.0)),
        ("590000", Ipld::Bytes(Bytes::new())),
        // Open lengths.
        ("9f0102ff", Ipld::List(vec![1u64.into(), 2u64.into()])),
        ("bfff", Ipld::Map(Vec::new())),
        (
            "bf6161819fffff",
            Ipld::Map(vec![("a".into(), Ipld::List(vec![Ipld::List(Vec::new())]))]),
        ),
        ("5f41014102ff", Ipld::Bytes(Bytes::from_static(&[1, 2]))),
        ("5fff", Ipld::Bytes(Bytes::new())),
        ("7f61616162ff", "ab".into()),
        ("a17f6161ff01", Ipld::Map(vec![("a".into(), 1u64.into())])),
        // Tags say nothing, but before bytes.
        ("c001", Ipld::Integer(1)),
        ("c06161", "a".into()),
        ("d9d9f7a0", Ipld::Map(Vec::new())),
        ("d82a6161", "a".into()),
        ("a1c0616101", Ipld::Map(vec![("a".into(), 1u64.into())])),
        ("c1f6", Ipld::Null),
        ("f97c00", Ipld::Float(f64::INFINITY)),
        ("62e9ff", Ipld::String(ByteString::from(&[0xe9, 0xff][..]))),
    ] {
        assert_eq!(read(text).unwrap(), value, "{text}");
        assert_eq!(links(&hex(text)).unwrap(), [], "{text}");
    }
    let link = read("d82a5f41004401550000ff").unwrap();
    assert_eq!(link.links(), links(&hex("d82a5f41004401550000ff")).unwrap());
    assert_eq!(encode(&link).unwrap(), hex("d82a450001550000"));
    // What is passed on is what Kubo writes.
    for (text, again) in [
        ("f97e00", "fb7ff8000000000000"),
        ("a162e97801", "a162e97801"),
        ("bf61620161610aff", "a261610a616201"),
    ] {
        assert_eq!(encode(&read(text).unwrap()).unwrap(), hex(again), "{text}");
    }
    let unsorted = read("a261620161610a").unwrap();
    assert_eq!(
        unsorted,
        Ipld::Map(vec![
            ("b".into(), Ipld::Integer(1)),
            ("a".into(), Ipld::Integer(10))
        ])
    );
    assert_eq!(encode(&unsorted).unwrap(), hex("a261610a616201"));
}

#[test]
fn what_is_not_dag_cbor_is_refused() {
    for (text, reason) in [
        ("", "the data ends inside a value"),
        ("18", "the data ends inside a value"),
        ("420a", "the data ends inside a value"),
        ("82", "the data ends inside a value"),
        ("a16161", "the data ends inside a value"),
        ("9b7fffffffffffffff", "the data ends inside a value"),
        ("5b7fffffffffffffff", "the data ends inside a value"),
        ("9f01", "the data ends inside a value"),
        ("5f4101", "the data ends inside a value"),
        ("5f4561ff", "the data ends inside a value"),
        ("5f5f4161ffff", "a chunk is of another type"),
        ("5f6161ff", "a chunk is of another type"),
        ("bf6161ff", "unknown simple value"),
        ("81ff", "unknown simple value"),
        ("8101ff", "data after the end of the value"),
        ("1f", "invalid head"),
        ("c1c101", "more than one tag"),
        ("dbffffffffffffffff01", "a tag is out of range"),
        ("c24101", "unsupported tag"),
        ("ff", "unknown simple value"),
        ("e0", "unknown simple value"),
        ("1c", "invalid head"),
        ("d82a40", "multibase prefix"),
        ("d82a450101550000", "multibase prefix"),
        ("d82a4100", "invalid link"),
        ("d82a460001550000aa", "invalid link"),
        ("a10101", "a map key is not text"),
        ("a2616101616102", "the map key \"a\" occurs twice"),
        ("a3616101616202616103", "the map key \"a\" occurs twice"),
        ("0000", "data after the end of the value"),
    ] {
        let error = read(text).unwrap_err().to_string();
        assert!(error.contains(reason), "{text}: {error}");
    }
    for bad in [Ipld::Integer(1 << 64), Ipld::Integer(-(1 << 64) - 1)] {
        assert!(encode(&bad).is_err());
    }
    let twice = Ipld::Map(vec![
        ("b".into(), Ipld::Null),
        ("a".into(), Ipld::Null),
        ("b".into(), Ipld::Null),
    ]);
    assert_eq!(encode(&twice), Err(CodecError::RepeatedKey("b".into())));
}

#[test]
fn links_come_in_the_order_of_the_bytes_and_names_do_not_matter() {
    let (one, two) = ("d82a450001550000", "d82a46000155000101");
    let found = links(&hex(&format!("a362ffff{one}61618281{two}a061ff{one}"))).unwrap();
    let found: Vec<_> = found.iter().map(|cid| cid.to_string()).collect();
    assert_eq!(found, ["bafkqaaa", "bafkqaaib", "bafkqaaa"]);
    for bad in [
        "82d82a450001550000",
        "9f01",
        "d82a4100",
        "c24101",
        "0000",
        "",
    ] {
        assert!(links(&hex(bad)).is_err(), "{bad}");
    }
}

#[test]
fn depth_is_bounded() {
    let nested = |depth: usize| Bytes::from([vec![0x81; depth], vec![0x00]].concat());
    let deepest = decode(&nested(MAX_DEPTH)).unwrap();
    assert_eq!(encode(&deepest).unwrap(), nested(MAX_DEPTH));
    assert_eq!(
        decode(&nested(MAX_DEPTH + 1)),
        Err(CodecError::TooDeep("dag-cbor"))
    );
    assert_eq!(
        encode(&Ipld::List(vec![deepest])),
        Err(CodecError::TooDeep("dag-cbor"))
    );
}
