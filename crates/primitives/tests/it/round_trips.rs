//! Round trips of values that nobody thought of.

use bytes::Bytes;
use cairn_primitives::codec::{self, dag_cbor, dag_json, dag_pb};
use cairn_primitives::keys::Keypair;
use cairn_primitives::multibase::{self, Base};
use cairn_primitives::{ByteString, Cid, Codec, ContentPath, Ipld, Multihash, PeerId, varint};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;

fn multihash() -> impl Strategy<Value = Multihash> {
    (0..=varint::MAX_VALUE, vec(any::<u8>(), 0..=128))
        .prop_map(|(code, digest)| Multihash::wrap(code, &digest).unwrap())
}

fn cid() -> impl Strategy<Value = Cid> {
    prop_oneof![
        any::<[u8; 32]>().prop_map(|digest| Cid::v0(Multihash::of_sha2_256(&digest)).unwrap()),
        (any::<[u8; 32]>(), 0..0x300u64)
            .prop_map(|(digest, codec)| Cid::v1(Codec(codec), Multihash::of_sha2_256(&digest))),
        (multihash(), 0..=varint::MAX_VALUE).prop_map(|(hash, codec)| Cid::v1(Codec(codec), hash)),
    ]
}

fn base() -> impl Strategy<Value = Base> {
    proptest::sample::select(multibase::NAMES).prop_map(|(_, base)| base)
}

/// Keys other than the one that DAG-JSON reserves, in no order.
fn map(values: impl Strategy<Value = Ipld>) -> impl Strategy<Value = Ipld> {
    btree_map("[^/]{0,12}", values, 0..8).prop_map(|entries| {
        Ipld::Map(
            entries
                .into_iter()
                .rev()
                .map(|(key, value)| (key.into(), value))
                .collect(),
        )
    })
}

/// Values; floats have a fraction, for DAG-JSON writes whole floats as integers.
fn value() -> impl Strategy<Value = Ipld> {
    let float = proptest::num::f64::NORMAL.prop_filter("whole", |number| number.fract() != 0.0);
    let leaf = prop_oneof![
        Just(Ipld::Null),
        any::<bool>().prop_map(Ipld::Bool),
        (-(1i128 << 64)..1i128 << 64).prop_map(Ipld::Integer),
        (-300i128..300).prop_map(Ipld::Integer),
        float.prop_map(Ipld::Float),
        any::<String>().prop_map(Ipld::from),
        vec(any::<u8>(), 0..40).prop_map(|bytes| Ipld::Bytes(bytes.into())),
        cid().prop_map(Ipld::Link),
    ];
    leaf.prop_recursive(6, 64, 8, |inner| {
        prop_oneof![vec(inner.clone(), 0..8).prop_map(Ipld::List), map(inner)]
    })
}

fn node() -> impl Strategy<Value = dag_pb::Node> {
    let name = proptest::option::of(prop_oneof![
        any::<String>().prop_map(ByteString::from),
        vec(any::<u8>(), 0..10).prop_map(ByteString::from),
    ]);
    let link = (cid(), name, any::<Option<u64>>());
    let link = link.prop_map(|(cid, name, size)| dag_pb::Link { cid, name, size });
    (
        vec(link, 0..20),
        proptest::option::of(vec(any::<u8>(), 0..100)),
    )
        .prop_map(|(mut links, data)| {
            links.sort_by(|a, b| {
                a.name
                    .as_deref()
                    .unwrap_or_default()
                    .cmp(b.name.as_deref().unwrap_or_default())
            });
            dag_pb::Node {
                links,
                data: data.map(Bytes::from),
            }
        })
}

/// The same value with every map in one order.
fn sorted(value: Ipld) -> Ipld {
    match value {
        Ipld::List(items) => Ipld::List(items.into_iter().map(sorted).collect()),
        Ipld::Map(mut entries) => {
            entries.sort_by(|(a, _), (b, _)| a.cmp(b));
            Ipld::Map(
                entries
                    .into_iter()
                    .map(|(key, value)| (key, sorted(value)))
                    .collect(),
            )
        }
        other => other,
    }
}

proptest! {
    #[test]
    fn varints(number in 0..=varint::MAX_VALUE) {
        let mut bytes = Vec::new();
        varint::encode(number, &mut bytes);
        prop_assert_eq!(varint::decode(&bytes), Ok((number, bytes.len())));
        prop_assert_eq!(bytes.len(), varint::len(number));
    }

    #[test]
    fn texts_in_every_base(bytes in vec(any::<u8>(), 0..80), base in base()) {
        prop_assert_eq!(multibase::decode(&multibase::encode(base, &bytes)).unwrap(), (base, bytes));
    }

    #[test]
    fn no_text_panics(text in any::<String>()) {
        let _ = multibase::decode(&text);
        let _ = text.parse::<Cid>();
        let _ = text.parse::<PeerId>();
        let _ = text.parse::<ContentPath>().map_err(|error| error.to_string());
    }

    #[test]
    fn cids(cid in cid(), base in base()) {
        let bytes = cid.to_bytes();
        prop_assert_eq!(Cid::from_bytes(&bytes).unwrap(), cid.clone());
        prop_assert_eq!(bytes.len(), cid.encoded_len());
        prop_assert_eq!(cid.encode(base).parse::<Cid>().unwrap(), cid.clone());
        prop_assert_eq!(Multihash::from_bytes(cid.hash().as_bytes()).unwrap(), cid.hash().clone());
        for end in 0..bytes.len() {
            prop_assert!(Cid::from_bytes(&bytes[..end]).is_err());
        }
    }

    #[test]
    fn dag_pb_nodes(node in node()) {
        let bytes = Bytes::from(node.encode());
        prop_assert_eq!(dag_pb::Node::decode(&bytes).unwrap(), node.clone());
        let cids: Vec<Cid> = node.links.iter().map(|link| link.cid.clone()).collect();
        prop_assert_eq!(dag_pb::links(&bytes).unwrap(), cids);
        prop_assert_eq!(dag_pb::from_ipld(&dag_pb::to_ipld(node.clone())).unwrap(), node);
    }

    #[test]
    fn dag_cbor_values(value in value()) {
        let bytes = Bytes::from(dag_cbor::encode(&value).unwrap());
        let read = dag_cbor::decode(&bytes).unwrap();
        prop_assert_eq!(sorted(read.clone()), sorted(value));
        prop_assert_eq!(dag_cbor::links(&bytes).unwrap(), read.links());
        prop_assert_eq!(dag_cbor::encode(&read).unwrap(), bytes.to_vec());
        prop_assert!(dag_cbor::decode(&bytes.slice(..bytes.len() - 1)).is_err());
        prop_assert!(dag_cbor::links(&bytes[..bytes.len() - 1]).is_err());
    }

    #[test]
    fn dag_json_values(value in value()) {
        let bytes = Bytes::from(dag_json::encode(&value).unwrap());
        let read = dag_json::decode(&bytes).unwrap();
        prop_assert_eq!(&read, &sorted(value));
        prop_assert_eq!(dag_json::links(&bytes).unwrap(), read.links());
        prop_assert_eq!(dag_json::encode(&read).unwrap(), bytes.to_vec());
    }

    #[test]
    fn json_agrees_with_another_reader(value in value()) {
        let text = codec::encode(Codec::DAG_JSON, &value).unwrap();
        prop_assert!(serde_json::from_slice::<serde_json::Value>(&text).is_ok());
    }

    #[test]
    fn no_bytes_panic(bytes in vec(any::<u8>(), 0..200)) {
        let bytes = Bytes::from(bytes);
        for codec in [
            Codec::DAG_PB, Codec::DAG_CBOR, Codec::DAG_JSON, Codec::CBOR, Codec::JSON, Codec::DAG_JOSE, Codec::GIT_RAW,
        ] {
            if let Ok(value) = codec::decode(codec, &bytes) {
                prop_assert_eq!(codec::links(codec, &bytes).unwrap(), value.links());
            }
        }
        let _ = Keypair::decode(&bytes);
        let _ = PeerId::from_bytes(&bytes);
    }

    #[test]
    fn keys(seed in any::<[u8; 32]>(), data in vec(any::<u8>(), 0..100)) {
        let key = Keypair::from_ed25519_seed(&seed);
        let id = key.peer_id();
        prop_assert_eq!(id.to_string().parse::<PeerId>().unwrap(), id.clone());
        prop_assert_eq!(id.to_base36().parse::<PeerId>().unwrap(), id);
        prop_assert_eq!(Keypair::decode(&key.encode()).unwrap().encode(), key.encode());
        prop_assert!(key.public().verify(&data, &key.sign(&data).unwrap()));
    }

    #[test]
    fn paths(cid in cid(), names in vec("[^/]{1,10}", 0..5)) {
        prop_assume!(names.iter().all(|name| name != "." && name != ".."));
        let path = ContentPath::from_cid(cid.clone()).join(names.iter().map(String::as_str)).unwrap();
        prop_assert_eq!(path.cid(), Some(&cid));
        prop_assert_eq!(path.names().collect::<Vec<_>>(), names.iter().map(String::as_bytes).collect::<Vec<_>>());
        prop_assert_eq!(path.to_string().parse::<ContentPath>().unwrap(), path);
    }
}
