use bytes::Bytes;

use super::*;
use crate::cid::Codec;
use crate::codec::{convert, dag_json};
use crate::multihash::Multihash;

#[path = "vectors.rs"]
mod vectors;

fn json(text: &str) -> Ipld {
    dag_json::decode(&Bytes::copy_from_slice(text.as_bytes())).unwrap()
}

fn block(digits: &str) -> Bytes {
    data_encoding::HEXLOWER
        .decode(digits.as_bytes())
        .unwrap()
        .into()
}

#[test]
fn objects_are_written_as_by_kubo() {
    for (text, cid, read) in vectors::WRITTEN {
        let block =
            Bytes::from(encode(&json(text)).unwrap_or_else(|error| panic!("{text}: {error}")));
        let named = Cid::v1(Codec::DAG_JOSE, Multihash::sha2_256(&block));
        assert_eq!(named.to_string(), *cid, "{text}");
        let value = decode(&block).unwrap();
        assert_eq!(dag_json::encode(&value).unwrap(), read.as_bytes());
        assert_eq!(links(&block).unwrap(), value.links());
        assert_eq!(
            convert(Codec::DAG_JOSE, Codec::DAG_JOSE, &block).unwrap(),
            block,
            "{text}"
        );
    }
}

#[test]
fn what_is_no_object_is_not_written() {
    for text in vectors::UNWRITABLE {
        assert!(encode(&json(text)).is_err(), "{text}");
    }
}

#[test]
fn blocks_are_read_as_by_kubo() {
    for (digits, text) in vectors::READ {
        let value = decode(&block(digits)).unwrap();
        assert_eq!(dag_json::encode(&value).unwrap(), text.as_bytes());
        assert_eq!(links(&block(digits)).unwrap(), value.links());
    }
    for digits in vectors::REFUSED {
        assert!(decode(&block(digits)).is_err(), "{digits}");
        assert!(links(&block(digits)).is_err(), "{digits}");
    }
}

#[test]
fn errors_say_what_is_wrong() {
    for (text, message) in [
        ("{}", "dag-jose: invalid JOSE object"),
        ("[]", "dag-jose: the object is of kind list, not map"),
        (
            r#"{"payload":"AXESIC1xFkK3JrBEAWJ8qfusMvXIUw-xkDzE2wIlhxeSGkiB"}"#,
            "required fields are missing: signature",
        ),
        (r#"{"payload":"aGVsbG8"}"#, "the payload is not a CID"),
        (
            r#"{"ciphertext":"","recipients":[{"foo":1}]}"#,
            "dagjose.EncodedRecipient.Repr has no field \"foo\"",
        ),
    ] {
        assert_eq!(encode(&json(text)).unwrap_err().to_string(), message);
    }
    assert_eq!(
        decode(&block("a163666f6f01")).unwrap_err().to_string(),
        "dagjose.DecodedJWS.Repr has no field \"foo\""
    );
}
