//! Paths through directories, nodes and values.

use cairn_dag::list::{EntryType, Lister};
use cairn_dag::resolve::{ResolveError, resolve, value};
use cairn_primitives::ipld::Ipld;
use cairn_primitives::path::ContentPath;
use cairn_primitives::{Cid, Codec, Multihash, codec};

use super::{cat, export, message, path};
use crate::support::{Dag, absent, inline};

#[tokio::test]
async fn paths_lead_through_directories() {
    let dag = Dag::new();
    let root = dag.recorded();
    assert_eq!(
        root.cid.to_string(),
        "QmU8z8LCjb15qj7smRRiM3UtvMucZGHvtGH6u6ysHhFA1X"
    );
    let found = resolve(&dag.blocks(), &path(&root.cid, "sub/c.txt"))
        .await
        .unwrap();
    assert_eq!(
        found.cid.to_string(),
        "QmVAZQrtNtZ2jNHuFKXi7zCX76fd9YzTFCgF6jvPBcowLj"
    );
    assert_eq!(found.remainder_path(), "");
    assert_eq!(cat(&dag.blocks(), &found.cid).await.unwrap(), b"file c\n");
    let under = |name: &str| format!("no link named \"{name}\" under {}", root.cid);
    assert_eq!(message(&dag, &root.cid, "nope").await, under("nope"));
    assert_eq!(message(&dag, &root.cid, "nope/x").await, under("nope"));
    assert_eq!(message(&dag, &root.cid, "Links/0").await, under("Links"));
    assert_eq!(
        message(&dag, &root.cid, "a.txt/x").await,
        "a value of kind bytes has no entries: expected a map or a list"
    );
    assert!(
        message(&dag, &root.cid, "a.txt/x/y")
            .await
            .starts_with("no link named \"x\" under QmbK8")
    );
    let unread = resolve(&dag.blocks(), &path(&absent(), "")).await.unwrap();
    assert_eq!(unread.cid, absent());
    assert_eq!(
        message(&dag, &absent(), "x").await,
        format!(
            "block {} was not found locally, and this node is offline",
            absent()
        )
    );
    let mutable = ContentPath::parse("/ipns/example.com/x").unwrap();
    assert!(matches!(
        resolve(&dag.blocks(), &mutable).await,
        Err(ResolveError::Mutable(_))
    ));
}

#[tokio::test]
async fn absent_blocks_are_named_by_their_multihash() {
    let dag = Dag::new();
    let cid: Cid = "QmUvobKqcCE56brA8pGTRRRsGy2SsDEKSxFLZkBQFv7VvX"
        .parse()
        .unwrap();
    assert_eq!(
        cat(&dag.blocks(), &cid).await.unwrap_err().to_string(),
        "block bafkreidb4xu4pn2wecnsec2qmebq3qon4zfej7tzpe6ojdbbqsoisd7l2a was not found locally, and this node is offline"
    );
}

#[tokio::test]
async fn nodes_that_are_not_unixfs_have_named_links_and_ipld_sees_fields() {
    let dag = Dag::new();
    let leaf = dag.raw(b"leaf");
    let plain = dag.node(vec![("x", &leaf)], None);
    assert_eq!(
        resolve(&dag.blocks(), &path(&plain.cid, "x"))
            .await
            .unwrap()
            .cid,
        leaf.cid
    );
    let ipld = |rest: &str| ContentPath::parse(format!("/ipld/{}/{rest}", plain.cid)).unwrap();
    assert_eq!(
        resolve(&dag.blocks(), &ipld("Links/0/Hash"))
            .await
            .unwrap()
            .cid,
        leaf.cid
    );
    let inside = resolve(&dag.blocks(), &ipld("Links/00/Name"))
        .await
        .unwrap();
    assert_eq!(
        (inside.cid.clone(), inside.remainder_path().into_text()),
        (plain.cid.clone(), "/Links/00/Name".to_owned())
    );
    assert_eq!(
        value(&dag.blocks(), &inside).await.unwrap(),
        Ipld::from("x")
    );
    let error = resolve(&dag.blocks(), &ipld("x")).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("no link named \"x\" under {}", plain.cid)
    );
    let wrong = message(&dag, &leaf.cid, "x").await;
    assert!(wrong.contains("of kind bytes"), "{wrong}");
    assert_eq!(
        message(&dag, &leaf.cid, "x/y").await,
        format!("no link named \"x\" under {}", leaf.cid)
    );
    assert_eq!(
        message(&dag, &inline(b"t"), "x/y").await,
        format!("no link named \"x\" under {}", inline(b"t"))
    );
    assert_eq!(cat(&dag.blocks(), &inline(b"tbas")).await.unwrap(), b"tbas");
    assert_eq!(
        cat(&dag.blocks(), &plain.cid)
            .await
            .unwrap_err()
            .to_string(),
        format!("block {} is not UnixFS", plain.cid)
    );
}

#[tokio::test]
async fn paths_lead_through_values() {
    let dag = Dag::new();
    let put = |value: &Ipld| {
        let bytes = codec::encode(Codec::DAG_CBOR, value).unwrap();
        dag.put(Cid::v1(Codec::DAG_CBOR, Multihash::sha2_256(&bytes)), bytes)
    };
    let map = |entries: Vec<(&str, Ipld)>| {
        Ipld::Map(
            entries
                .into_iter()
                .map(|(key, value)| (key.into(), value))
                .collect(),
        )
    };
    let child = put(&map(vec![(
        "b",
        Ipld::List(vec![true.into(), Ipld::Null, "s".into()]),
    )]));
    let files = dag.recorded().cid;
    let list = Ipld::List(vec![1i64.into(), files.clone().into()]);
    let root = put(&map(vec![
        ("child", child.clone().into()),
        ("n", map(vec![("m", 7i64.into())])),
        ("l", list),
    ]));
    let found = async |rest: &str| {
        let found = resolve(&dag.blocks(), &path(&root, rest)).await.unwrap();
        (
            found.cid.clone(),
            found.remainder_path().into_text(),
            value(&dag.blocks(), &found).await.unwrap(),
        )
    };
    assert_eq!(found("child").await.0, child);
    let (cid, rest, value) = found("child/b").await;
    assert_eq!(
        (cid, rest.as_str(), value),
        (
            child,
            "/b",
            Ipld::List(vec![true.into(), Ipld::Null, "s".into()])
        )
    );
    assert_eq!(
        found("n/m").await,
        (root.clone(), "/n/m".to_owned(), 7i64.into())
    );
    assert_eq!(
        found("l/1/sub").await.0.to_string(),
        "QmXgnBc3Zujw6xXZ3yiW8pUCeqAwYYqwczWFrpLX1g4c9u"
    );
    assert_eq!(
        message(&dag, &root, "zzz").await,
        "no entry is named \"zzz\""
    );
    assert_eq!(
        message(&dag, &root, "zzz/x").await,
        format!("no link named \"zzz\" under {root}")
    );
    assert_eq!(message(&dag, &root, "l/9").await, "no entry is named \"9\"");
    assert_eq!(
        message(&dag, &root, "l/x").await,
        "\"x\" is not an index of a list"
    );
    assert_eq!(
        message(&dag, &root, "n/m/x").await,
        "a value of kind int has no entries: expected a map or a list"
    );
    assert_eq!(
        message(&dag, &root, "n/m/x/y").await,
        format!("no link named \"x\" under {root}")
    );
    assert_eq!(
        message(&dag, &root, "l/1/sub/nope").await,
        "no link named \"nope\" under QmXgnBc3Zujw6xXZ3yiW8pUCeqAwYYqwczWFrpLX1g4c9u"
    );
    let links: Vec<_> = export(&dag.blocks(), &root)
        .await
        .blocks
        .into_iter()
        .map(|(cid, _)| cid)
        .take(3)
        .collect();
    assert_eq!(links[0], root);
    let mut lister = Lister::open(&dag.blocks(), &root, true).await.unwrap();
    let mut kinds = Vec::new();
    while let Some(entry) = lister.next().await.unwrap() {
        kinds.push((entry.name.to_string(), entry.kind));
    }
    kinds.sort_by_key(|(_, kind)| *kind as u8);
    assert_eq!(
        kinds,
        [
            (String::new(), EntryType::Unknown),
            (String::new(), EntryType::Directory)
        ]
    );
}
