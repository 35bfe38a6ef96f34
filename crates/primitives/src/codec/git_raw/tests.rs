use bytes::Bytes;

use super::*;
use crate::codec::{convert, dag_cbor, dag_json};
use crate::ipld::Ipld;
use crate::multihash::HashFunction;

#[path = "vectors.rs"]
mod vectors;

fn name(block: &[u8]) -> String {
    let sha1 = HashFunction::from_name("sha1").unwrap();
    Cid::v1(Codec::GIT_RAW, sha1.digest(block).unwrap()).to_string()
}

fn json(value: &Ipld) -> String {
    String::from_utf8(dag_json::encode(value).unwrap()).unwrap()
}

#[test]
fn objects_are_those_of_kubo_and_come_back() {
    for (object, cid, text) in vectors::WHOLE {
        let bytes = Bytes::from_static(object);
        let value = decode(&bytes).unwrap();
        assert_eq!(json(&value), *text);
        assert_eq!(name(object), *cid, "{text}");
        assert_eq!(links(object).unwrap(), value.links(), "{text}");
        assert_eq!(rewrite(object).unwrap(), *object, "{text}");
        assert_eq!(encode(&value).unwrap(), *object, "{text}");
        // Through text too, which sorts the entries of trees, as Git does nearly.
        let read = dag_json::decode(&Bytes::from_static(text.as_bytes())).unwrap();
        let again = encode(&read).unwrap();
        assert_eq!(again.len(), object.len(), "{text}");
        assert_eq!(json(&decode(&again.into()).unwrap()), *text);
    }
}

#[test]
fn odd_objects_are_stored_as_by_kubo() {
    for (object, cid, stored) in vectors::ODD {
        let written = rewrite(object).unwrap();
        assert_eq!(
            written.escape_ascii().to_string(),
            stored.escape_ascii().to_string()
        );
        assert_eq!(name(&written), *cid);
        let value = decode(&Bytes::from_static(object)).unwrap();
        assert_eq!(links(object).unwrap(), value.links());
        assert_eq!(links(&written).unwrap(), value.links());
    }
}

#[test]
fn what_kubo_refuses_is_refused() {
    for object in vectors::REFUSED {
        let bytes = Bytes::from_static(object);
        let shown = object.escape_ascii();
        assert!(rewrite(object).is_err(), "{shown}");
        assert!(
            convert(Codec::GIT_RAW, Codec::GIT_RAW, &bytes).is_err(),
            "{shown}"
        );
        if let Ok(value) = decode(&bytes) {
            // Nobody made this one: it can be shown, not written.
            assert_eq!(
                encode(&value),
                Err(CodecError::Missing("author")),
                "{shown}"
            );
        }
    }
}

#[test]
fn links_do_not_depend_on_people_and_signatures() {
    let object = b"commit 0\0tree aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\nauthor x\n\
        gpgsig -----BEGIN SSH SIGNATURE-----\n abc\n -----END SSH SIGNATURE-----\n\
        parent bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\n\nparent none\n";
    assert!(decode(&Bytes::from_static(object)).is_err());
    let found: Vec<String> = links(object)
        .unwrap()
        .iter()
        .map(|cid| cid.to_string())
        .collect();
    assert_eq!(
        found,
        [
            "baf4bcffkvkvkvkvkvkvkvkvkvkvkvkvkvkvkvkq",
            "baf4bcff3xo53xo53xo53xo53xo53xo53xo53xoy"
        ]
    );
    let wrong = b"commit 0\0tree aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\nparent bb\n";
    assert!(links(wrong).is_err());
}

#[test]
fn text_in_another_encoding_is_kept_or_refused() {
    let object = Bytes::from_static(
        b"tag 95\0object aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\ntype commit\ntag v\n\
            tagger T <t@g> 1 +0000\n\ncaf\xe9\n",
    );
    let value = decode(&object).unwrap();
    let message = crate::bytestring::ByteString::from(&b"caf\xe9\n"[..]);
    assert_eq!(value.get("message"), Some(&Ipld::String(message)));
    assert_eq!(
        convert(Codec::GIT_RAW, Codec::GIT_RAW, &object).unwrap(),
        object
    );
    let refused = convert(Codec::GIT_RAW, Codec::DAG_CBOR, &object);
    assert!(matches!(refused, Err(CodecError::Unsupported { .. })));
}

#[test]
fn long_lines_are_cut_where_kubo_cuts_them() {
    let line = |length: usize, end: &str| format!("x{}{end}", "y".repeat(length - 1));
    let others = |text: String| {
        let object = format!(
            "commit 0\0tree {}\nauthor A <a> 1 +0\ncommitter A <a> 1 +0\n{text}\nm",
            "a".repeat(40)
        );
        let value = decode(&object.into()).unwrap();
        let Some(Ipld::List(lines)) = value.get("other") else {
            panic!("other is a list");
        };
        let length = |line: &Ipld| match line {
            Ipld::String(line) => line.len(),
            _ => 0,
        };
        lines.iter().map(length).collect::<Vec<_>>()
    };
    assert_eq!(others(line(4095, "\n")), [4095]);
    assert_eq!(others(line(4094, "\r\n")), [4094]);
    assert_eq!(others(line(4097, "\n")), [4096, 1]);
    assert_eq!(others(line(9000, "\n")), [4096, 4096, 808]);
}

#[test]
fn values_become_objects() {
    let link = r#"{"/":"baf4bcffkvkvkvkvkvkvkvkvkvkvkvkvkvkvkvkq"}"#;
    let person = r#"{"date":"1","timezone":"+0","email":"e","name":"n"}"#;
    let read = |text: &str| dag_json::decode(&Bytes::copy_from_slice(text.as_bytes())).unwrap();
    let write = |text: &str| encode(&read(text));
    let commit = format!(
        r#"{{"tree":{link},"parents":[{link}],"message":"m","author":{person},"committer":{person},"mergetag":[],"other":["a b"]}}"#
    );
    let hash = "a".repeat(40);
    let body =
        format!("tree {hash}\nparent {hash}\nauthor n <e> 1 +0\ncommitter n <e> 1 +0\na b\n\nm");
    assert_eq!(
        write(&commit).unwrap(),
        format!("commit {}\0{body}", body.len()).into_bytes()
    );
    // The CIDs are Kubo's.
    let tree = r#"{"/":"baf4bcffmptkqc77esvkt6ex25hdy4eazikte43a"}"#;
    for (text, cid) in [
        (
            format!(
                r#"{{"object":{tree},"type":"tree","tag":"v","message":"m\n","tagger":{person}}}"#
            ),
            "baf4bcfddjn3p7733mudpeusk7dcjtzohufienmi",
        ),
        (
            format!(
                r#"{{"object":{tree},"type":"tree","tag":"v","message":"m\n","tagger":null,"foo":1}}"#
            ),
            "baf4bcfczd25otymkwdz3lio6xyzl5pg6hcsrabi",
        ),
        (
            r#"{"/":{"bytes":"AAEC"}}"#.to_owned(),
            "baf4bcfampjrd7uv3ybnqmqr34nm6iaq5g3tsdli",
        ),
    ] {
        assert_eq!(name(&write(&text).unwrap()), cid);
    }
    for (text, message) in [
        (
            r#""x""#.to_owned(),
            "git-raw: an object is of kind string, not map",
        ),
        (
            r#"{"foo":1}"#.to_owned(),
            "ipldgit.Commit.Repr has no field \"foo\"",
        ),
        (
            format!(r#"{{"tree":{link}}}"#),
            "required fields are missing: parents",
        ),
        (
            commit.replace(r#""author""#, r#""author":null,"encoding""#),
            "git-raw: encoding is of kind map, not string",
        ),
        (
            commit.replacen("baf4bcffkvkvkvkvkvkvkvkvkvkvkvkvkvkvkvkq", "bafkqaaa", 1),
            "git-raw: a link is not by SHA-1",
        ),
        (
            format!(r#"{{"object":{link},"type":"tree","tag":"v"}}"#),
            "required fields are missing: message",
        ),
        (
            r#"{"a":{"mode":"100644"}}"#.to_owned(),
            "required fields are missing: hash",
        ),
    ] {
        assert_eq!(write(&text).unwrap_err().to_string(), message);
    }
    // The order of a value in DAG-CBOR does not matter either.
    let value = read(&commit);
    let cbor = dag_cbor::decode(&dag_cbor::encode(&value).unwrap().into()).unwrap();
    assert_eq!(encode(&cbor), encode(&value));
}
