use super::*;
use crate::codec::MAX_DEPTH;

fn read_text(text: &str) -> Result<Ipld, CodecError> {
    decode(&Bytes::copy_from_slice(text.as_bytes()))
}

fn again(text: &str) -> String {
    String::from_utf8(encode(&read_text(text).unwrap()).unwrap()).unwrap()
}

/// Taken from a running Kubo.
#[test]
fn numbers_are_written_as_kubo_writes_them() {
    let text = r#"{"f":1.0,"g":1e21,"h":1e-7,"i":1.5e300,"j":-0.0,"k":10000000000000000.0,"l":1e20,"m":0.000001,"n":-0,"o":5e-324,"p":1.7976931348623157e308,"q":123456.789,"r":1e-10,"s":0.1}"#;
    let kubo = r#"{"f":1,"g":1e+21,"h":1e-7,"i":1.5e+300,"j":-0,"k":10000000000000000,"l":100000000000000000000,"m":0.000001,"n":0,"o":5e-324,"p":1.7976931348623157e+308,"q":123456.789,"r":1e-10,"s":0.1}"#;
    assert_eq!(again(text), kubo);
    assert_eq!(
        read_text("[1.0,1]").unwrap(),
        Ipld::List(vec![Ipld::Float(1.0), Ipld::Integer(1)])
    );
    assert_eq!(
        read_text("18446744073709551615").unwrap(),
        Ipld::Integer(u64::MAX.into())
    );
    assert_eq!(again("100000000000000000000"), "100000000000000000000");
    for bad in [
        "18446744073709551616",
        "-18446744073709551617",
        "1e999",
        "01",
        "1.",
        "-",
        "1e",
        ".5",
        "+1",
        "1.e5",
        "0x1",
    ] {
        assert!(read_text(bad).is_err(), "{bad}");
    }
}

#[test]
fn keys_are_sorted_and_text_is_escaped() {
    assert_eq!(
        again(r#" { "bb" : [ ] , "a" : { } , "é" : "\/" } "#),
        r#"{"a":{},"bb":[],"é":"/"}"#
    );
    assert_eq!(
        again(r#""\u2028\u0001\ud83d\ude00\ud800x\n\t\"\\\b\u007f""#),
        "\"\\u2028\\u0001😀\u{fffd}x\\n\\t\\\"\\\\\\u0008\u{7f}\""
    );
    assert_eq!(
        decode(&Bytes::from_static(b"\"a\xc3\x28\xe4\xb8\"")).unwrap(),
        "a\u{fffd}(\u{fffd}\u{fffd}".into()
    );
    for bad in [
        r#""\x""#,
        r#""\u12""#,
        "\"\n\"",
        r#""abc"#,
        r#""\u12g4""#,
        "\"\\",
    ] {
        assert!(read_text(bad).is_err(), "{bad}");
    }
}

#[test]
fn the_slash_is_reserved() {
    let bytes = Ipld::Bytes(Bytes::from_static(b"hello"));
    for text in [
        r#"{"/":{"bytes":"aGVsbG8"}}"#,
        r#"{"/":{"bytes":"aGVsbG8="}}"#,
        r#"{"/":{"bytes":"aGVsbG9"}}"#,
    ] {
        assert_eq!(read_text(text).unwrap(), bytes);
    }
    assert_eq!(
        read_text(r#"{"/":"bafkqaaa"}"#).unwrap(),
        Ipld::Link("bafkqaaa".parse().unwrap())
    );
    for map in [
        r#"{"/":{"bytes":"aGVsbG8"},"b":1}"#,
        r#"{"/":"x","a":1}"#,
        r#"{"/":1}"#,
        r#"{"/":{"bytes":1}}"#,
        r#"{"/":{}}"#,
    ] {
        assert_eq!(again(map), map);
    }
    let error = read_text(r#"{"/":"foo"}"#).unwrap_err();
    assert!(matches!(error, CodecError::Link { .. }));
    for bad in [
        r#"{"/":{"bytes":"aGVsb*"}}"#,
        r#"{"/":{"bytes":"aGVsbG8=="}}"#,
        r#"{"/":{"bytes":"a"}}"#,
        r#"{"/":""}"#,
    ] {
        assert!(read_text(bad).is_err(), "{bad}");
    }
    let found = links(br#"{"b":{"/":"bafkqaaib"},"a":[{"/":"bafkqaaa"}]}"#).unwrap();
    assert_eq!(
        found.iter().map(|cid| cid.to_string()).collect::<Vec<_>>(),
        ["bafkqaaib", "bafkqaaa"]
    );
}

#[test]
fn what_is_not_json_is_refused() {
    for (text, reason) in [
        ("", "the data ends inside a value"),
        ("  ", "the data ends inside a value"),
        ("[1", "the data ends inside a value"),
        ("{\"a\"", "the data ends inside a value"),
        ("tru", "the data ends inside a value"),
        ("{nope", "expected a map key"),
        ("nope", "invalid literal"),
        ("[1 2]", "expected comma or array close"),
        ("{\"a\":1 \"b\":2}", "expected comma or map close"),
        ("{\"a\" 1}", "expected a colon"),
        ("[,]", "expected a value"),
        ("]", "expected a value"),
        ("[1}", "expected comma or array close"),
        ("1 1", "data after the end of the value"),
        (r#"{"a":1,"b":2,"a":3}"#, "the map key \"a\" occurs twice"),
    ] {
        let error = read_text(text).unwrap_err().to_string();
        assert!(error.contains(reason), "{text}: {error}");
    }
    assert_eq!(again("[1,2,]"), "[1,2]");
    assert_eq!(again("{\"a\":1,} \0\n"), "{\"a\":1}");
}

#[test]
fn depth_is_bounded() {
    let nested =
        |depth: usize, inner: &str| format!("{}{inner}{}", "[".repeat(depth), "]".repeat(depth));
    for inner in ["0", r#"{"/":{"bytes":""}}"#] {
        let deepest = nested(MAX_DEPTH - 1, inner);
        assert_eq!(again(&deepest), deepest);
    }
    assert!(read_text(&nested(MAX_DEPTH, "")).is_ok());
    let deeper = [
        nested(MAX_DEPTH + 1, ""),
        nested(MAX_DEPTH, r#"{"a":1}"#),
        nested(MAX_DEPTH - 1, r#"{"/":{"byte":""}}"#),
        nested(MAX_DEPTH - 1, r#"{"/":{"bytes":""},"a":1}"#),
        nested(MAX_DEPTH - 1, r#"{"/":{"/":{"/":1}}}"#),
    ];
    for text in deeper {
        assert_eq!(read_text(&text), Err(CodecError::TooDeep("dag-json")));
    }
}
