use super::*;
use crate::cid::Cid;
use crate::multihash::HashFunction;

/// The CID that `dag put` gives: decode in one codec, encode in another, hash.
fn put(input: Codec, store: Codec, data: &[u8], hash: &str) -> Result<String, CodecError> {
    let bytes = encode(store, &decode(input, &Bytes::copy_from_slice(data))?)?;
    Ok(Cid::v1(
        store,
        HashFunction::from_name(hash)
            .unwrap()
            .digest(&bytes)
            .unwrap(),
    )
    .to_string())
}

/// Cases recorded from Kubo.
#[test]
fn dag_put_gives_the_cids_of_kubo() {
    let (json, cbor, pb, raw) = (Codec::DAG_JSON, Codec::DAG_CBOR, Codec::DAG_PB, Codec::RAW);
    let link = br#"{"child":{"/":"bafyreiaqlx235yal4tskfz47whymhuvtohnduvbgx4oopzvjq2aoqhzzsi"},"n":{"m":7}}"#;
    let node = br#"{"Data":{"/":{"bytes":"CAE"}},"Links":[{"Hash":{"/":"QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o"},"Name":"x","Tsize":20}]}"#;
    let cases: [(Codec, Codec, &[u8], &str, &str); 14] = [
        (
            json,
            cbor,
            br#"{"a":1,"b":[true,null,"s",1.5],"bytes":{"/":{"bytes":"aGVsbG8"}}}"#,
            "sha2-256",
            "bafyreiaqlx235yal4tskfz47whymhuvtohnduvbgx4oopzvjq2aoqhzzsi",
        ),
        (
            json,
            cbor,
            link,
            "sha2-256",
            "bafyreie5zatt5gcuptz2zhvogou4s27youfjssgwuflovppeztwogfyvzq",
        ),
        (
            json,
            json,
            br#"{"z":1,"a":2}"#,
            "sha2-256",
            "baguqeeraykmfyw5g67jkkxtwr6jesdfasoeosw6eztfz7xyrwfpu2qxzhzzq",
        ),
        (
            cbor,
            cbor,
            &[0xa1, 0x61, 0x78, 0x18, 0x64],
            "sha2-256",
            "bafyreidcgnhfwoqmreunkp76polduxsaw6k3sjv5m2qlgjp3ia44ppct7q",
        ),
        (
            raw,
            raw,
            b"rawrawraw",
            "sha2-256",
            "bafkreic5useyi2tufusy2425qm2b55u6yrhvd5ju5qc4kxd53fjo3wjuxq",
        ),
        (
            json,
            pb,
            node,
            "sha2-256",
            "bafybeie7exgihbbyrr4j5vs6zmzbvgmskunycyowlipwryc3aujfkrmahe",
        ),
        (
            json,
            cbor,
            br#"{"pinned":1}"#,
            "sha2-256",
            "bafyreic4nodac27ovq4fpd4u3szxuwrfp7qxrezqft6uobkq5iseg2gdwy",
        ),
        (
            json,
            cbor,
            br#"{"h":1}"#,
            "sha2-512",
            "bafyrgqhe2wpwt467ayjgvmubhrmfnstq2gggs3hp46ejmugcl4uhb3segklbbiel4a2iq5qbira2nz7azf3vezood5hkawt7ehse7wn2u47cm",
        ),
        (
            json,
            cbor,
            br#"{"links": []}"#,
            "sha2-256",
            "bafyreidepjmjhvhlvp5eyxqpmyyi7rxwvl7wsglwai3cnvq63komq4tdya",
        ),
        (
            json,
            cbor,
            br#"{"f":1.0,"big":9007199254740993,"neg":-5}"#,
            "sha2-256",
            "bafyreifrho2eco67gkab5vya7og2fwm2zeayj7thvm3qklqmzvygeubnrq",
        ),
        (
            json,
            cbor,
            br#"{"bb":1,"a":2,"c":3}"#,
            "sha2-256",
            "bafyreihwifzdan3h7ocqkekcksag7ewacyzvwzaulibozl57yl5zpkeoam",
        ),
        (
            json,
            cbor,
            br#""just a string""#,
            "sha2-256",
            "bafyreickeau4mczrolzpxpmy7ylb6k6jadbxovkyol7ed4o3x5woso2lji",
        ),
        (
            json,
            cbor,
            br#"{"x":1}"#,
            "sha2-256",
            "bafyreibjk2zm52hfizr454i2vrctndr2q2oimlwxu36s3or2icabptr6by",
        ),
        (
            raw,
            cbor,
            b"abc",
            "sha2-256",
            "bafyreiffkoxgtbs3dq7p53iydvam3n4tvokqlkge65wihb2ilo6l5uw6oq",
        ),
    ];
    for (input, store, data, hash, cid) in cases {
        assert_eq!(put(input, store, data, hash).unwrap(), cid);
    }
    let repeated = put(json, cbor, br#"{"a":1,"a":2}"#, "sha2-256").unwrap_err();
    assert_eq!(repeated.to_string(), "the map key \"a\" occurs twice");
}

/// Cases taken from a running Kubo.
#[test]
fn plain_json_and_cbor_are_those_of_kubo() {
    let value = decode(
        Codec::DAG_JSON,
        &Bytes::from_static(br#"{"b":1,"a":[1,2,{}],"l":{}}"#),
    )
    .unwrap();
    let plain = encode(Codec::JSON, &value).unwrap();
    assert_eq!(
        plain,
        b"{\n\t\"b\": 1,\n\t\"a\": [\n\t\t1,\n\t\t2,\n\t\t{}\n\t],\n\t\"l\": {}\n}\n"
    );
    assert_eq!(decode(Codec::JSON, &plain.into()).unwrap(), value);
    let plain = encode(Codec::CBOR, &value).unwrap();
    assert_eq!(plain, b"\xa3\x61b\x01\x61a\x83\x01\x02\xa0\x61l\xa0");
    assert_eq!(decode(Codec::CBOR, &plain.into()).unwrap(), value);
    let link = Ipld::Link("bafkqaaa".parse().unwrap());
    assert!(encode(Codec::CBOR, &link).is_err() && encode(Codec::JSON, &link).is_err());
    let slash = Bytes::from_static(br#"{"/":"bafkqaaa"}"#);
    assert_eq!(decode(Codec::JSON, &slash).unwrap().kind(), "map");
    assert_eq!(decode(Codec::DAG_JSON, &slash).unwrap(), link);
    let tagged = Bytes::from(encode(Codec::DAG_CBOR, &link).unwrap());
    assert!(decode(Codec::CBOR, &tagged).is_err());
}

#[test]
fn dag_pb_in_the_data_model_is_that_of_kubo() {
    let text = |bytes: &'static [u8]| {
        let value = decode(Codec::DAG_PB, &Bytes::from_static(bytes)).unwrap();
        assert_eq!(encode(Codec::DAG_PB, &value).unwrap(), bytes);
        String::from_utf8(encode(Codec::DAG_JSON, &value).unwrap()).unwrap()
    };
    assert_eq!(text(b""), r#"{"Data":null,"Links":[]}"#);
    assert_eq!(
        text(b"\x12\x0b\x0a\x04\x01\x55\0\0\x12\x01x\x18\x05\x0a\x02\x08\x01"),
        r#"{"Data":{"/":{"bytes":"CAE"}},"Links":[{"Hash":{"/":"bafkqaaa"},"Name":"x","Tsize":5}]}"#
    );
    for (json, message) in [
        ("{}", "required fields are missing: Links"),
        (
            r#"{"Links":null}"#,
            "dag-pb: Links is of kind null, not list",
        ),
        (r#"{"Links":[],"x":1}"#, "dagpb.PBNode has no field \"x\""),
        (
            r#"{"Links":[{"Name":"a"}]}"#,
            "required fields are missing: Hash",
        ),
        (
            r#"{"Links":[],"Data":"x"}"#,
            "dag-pb: Data is of kind string, not bytes",
        ),
        (
            r#"{"Links":[{"Hash":{"/":"bafkqaaa"},"Tsize":-1}]}"#,
            "dag-pb: Tsize is negative or has more than 64 bits",
        ),
        ("[]", "dag-pb: the node is of kind list, not map"),
    ] {
        let value = decode(Codec::DAG_JSON, &Bytes::from_static(json.as_bytes())).unwrap();
        assert_eq!(
            encode(Codec::DAG_PB, &value).unwrap_err().to_string(),
            message
        );
    }
}

#[test]
fn leaves_have_no_links_and_unknown_codecs_say_so() {
    for leaf in [Codec::RAW, Codec::CBOR, Codec::JSON, Codec::LIBP2P_KEY] {
        assert_eq!(links(leaf, &[0xff]), Ok(CidList::new()));
    }
    let unknown = links(Codec(0x60), &[]).unwrap_err().to_string();
    assert_eq!(unknown, "no decoder for the codec 0x60");
    let unknown = encode(Codec::LIBP2P_KEY, &Ipld::Null)
        .unwrap_err()
        .to_string();
    assert_eq!(unknown, "no encoder for the codec 0x72");
    assert!(raw::encode(&Ipld::Null).is_err());
}
