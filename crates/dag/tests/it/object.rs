//! Nodes as links and data: edits with the CIDs of go-ipfs 0.7, and differences.

use bytes::Bytes;
use cairn_dag::object::{
    self, Change, LinkOptions, ObjectError, add_link, append_data, diff, remove_link, set_data,
};
use cairn_primitives::codec::dag_pb::{Link, Node};
use cairn_primitives::multihash::{HashFunction, SHA2_256};
use cairn_primitives::unixfs::{CidMaker, NodeKind, UnixFs};
use cairn_primitives::{ByteString, Cid, Version};

use crate::support::Dag;

/// The empty node, and the empty directory, as every IPFS program names them.
const EMPTY: &str = "QmdfTbBqBPQ7VNxZEYEj14VmRuZBkqFbiwReogJgS1zR1n";
const EMPTY_DIRECTORY: &str = "QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn";
const MAX: usize = 1 << 20;

const OPTIONS: LinkOptions = LinkOptions {
    create: false,
    any_node: true,
    max_size: MAX,
};

fn v0() -> CidMaker {
    CidMaker::new(Version::V0, HashFunction::from_code(SHA2_256).unwrap()).unwrap()
}

async fn put(dag: &Dag, node: &Node) -> Cid {
    object::put(&dag.blocks(), &dag.hold, &v0(), node, MAX)
        .await
        .unwrap()
}

fn directory() -> Node {
    Node {
        links: Vec::new(),
        data: Some(UnixFs::new(NodeKind::Directory).encode()),
    }
}

fn names(node: &Node) -> Vec<String> {
    let name = |link: &Link| link.name.clone().unwrap_or_default().into_text();
    node.links.iter().map(name).collect()
}

#[tokio::test]
async fn nodes_have_their_usual_names() {
    let dag = Dag::new();
    assert_eq!(put(&dag, &Node::default()).await.to_string(), EMPTY);
    assert_eq!(put(&dag, &directory()).await.to_string(), EMPTY_DIRECTORY);
    // Empty data is no data.
    let empty = Node {
        links: Vec::new(),
        data: Some(Bytes::new()),
    };
    assert_eq!(put(&dag, &empty).await.to_string(), EMPTY);
    // The example of the client reference.
    let link = Link {
        cid: "QmXg9Pp2ytZ14xgmQjYEiHjVjMFXzCVVEcRTWJBmLgR39V"
            .parse()
            .unwrap(),
        name: Some("some link".into()),
        size: Some(8),
    };
    let node = Node {
        links: vec![link],
        data: Some(Bytes::from_static(b"another")),
    };
    let cid = put(&dag, &node).await;
    assert_eq!(
        cid.to_string(),
        "QmZZmY4KCu9r3e7M2Pcn46Fc5qbn6NpzaAGaYb22kbfTqm"
    );
    let stat = object::stat(&dag.blocks(), &cid).await.unwrap();
    assert_eq!((stat.links, stat.data_size), (1, 7));
    assert_eq!(stat.block_size, stat.links_size + stat.data_size);
    assert_eq!(stat.cumulative_size, stat.block_size + 8);
}

#[tokio::test]
async fn links_are_added_replaced_and_removed_along_a_path() {
    let dag = Dag::new();
    let blocks = dag.blocks();
    let root = put(&dag, &directory()).await;
    let file = dag.raw(b"content").cid;
    let path = ByteString::from("a/b/c");
    let absent = add_link(&blocks, &dag.hold, &root, &path, &file, OPTIONS).await;
    assert!(matches!(absent, Err(ObjectError::NoLink { name, .. }) if name == "a"));
    let create = LinkOptions {
        create: true,
        ..OPTIONS
    };
    let deep = add_link(&blocks, &dag.hold, &root, &path, &file, create)
        .await
        .unwrap();
    let node = object::get(&blocks, &deep).await.unwrap();
    assert_eq!(names(&node), ["a"]);
    // The size in the link is the size of the DAG below it.
    let below = object::stat(&blocks, &node.links[0].cid).await.unwrap();
    assert_eq!(node.links[0].size, Some(below.cumulative_size));
    let again = add_link(&blocks, &dag.hold, &deep, &path, &file, OPTIONS)
        .await
        .unwrap();
    assert_eq!(again, deep, "a link of the same name is replaced");
    let removed = remove_link(&blocks, &dag.hold, &deep, &"a".into(), OPTIONS)
        .await
        .unwrap();
    assert_eq!(removed, root);
    let absent = remove_link(&blocks, &dag.hold, &deep, &"a/b/d".into(), OPTIONS).await;
    assert!(matches!(absent, Err(ObjectError::NoLink { name, .. }) if name == "d"));
    let unnamed = add_link(&blocks, &dag.hold, &root, &"".into(), &file, OPTIONS).await;
    assert!(matches!(unnamed, Err(ObjectError::EmptyName)));
}

#[tokio::test]
async fn only_plain_directories_change_their_links_unless_forced() {
    let dag = Dag::new();
    let blocks = dag.blocks();
    let child = dag.raw(b"child").cid;
    let checked = LinkOptions {
        any_node: false,
        ..OPTIONS
    };
    let shard = Node {
        links: Vec::new(),
        data: Some(UnixFs::new(NodeKind::HamtShard).encode()),
    };
    for (node, is_directory) in [
        (directory(), true),
        (shard, false),
        (Node::default(), false),
    ] {
        let cid = put(&dag, &node).await;
        let path = ByteString::from("x");
        let added = add_link(&blocks, &dag.hold, &cid, &path, &child, checked).await;
        assert_eq!(added.is_ok(), is_directory, "{added:?}");
        let forced = add_link(&blocks, &dag.hold, &cid, &path, &child, OPTIONS).await;
        assert!(forced.is_ok());
    }
    let raw = add_link(&blocks, &dag.hold, &child, &"x".into(), &child, OPTIONS).await;
    assert!(matches!(raw, Err(ObjectError::NotDagPb { .. })));
}

#[tokio::test]
async fn data_is_set_and_appended_within_the_limit() {
    let dag = Dag::new();
    let blocks = dag.blocks();
    let root = put(&dag, &Node::default()).await;
    let set = set_data(&blocks, &dag.hold, &root, Bytes::from_static(b"ab"), MAX)
        .await
        .unwrap();
    let appended = append_data(&blocks, &dag.hold, &set, b"cd", MAX)
        .await
        .unwrap();
    let node = object::get(&blocks, &appended).await.unwrap();
    assert_eq!(node.data.as_deref(), Some(&b"abcd"[..]));
    let big = append_data(&blocks, &dag.hold, &set, &[0; 64], 64).await;
    assert!(matches!(big, Err(ObjectError::TooBig { limit: 64, .. })));
}

#[tokio::test]
async fn differences_are_listed_in_the_order_of_the_links() {
    let dag = Dag::new();
    let blocks = dag.blocks();
    let (one, two) = (dag.raw(b"one"), dag.raw(b"two"));
    let fs = || Some(UnixFs::new(NodeKind::Directory));
    let inner = dag.node(vec![("x", &one), ("y", &one)], fs());
    let other = dag.node(vec![("x", &two), ("z", &two)], fs());
    let before = dag.node(vec![("a", &one), ("d", &inner), ("gone", &one)], fs());
    let after = dag.node(vec![("a", &two), ("d", &other), ("new", &two)], fs());
    let change = |path: &str, before: Option<&Cid>, after: Option<&Cid>| Change {
        path: path.into(),
        before: before.cloned(),
        after: after.cloned(),
    };
    let (one, two) = (Some(&one.cid), Some(&two.cid));
    assert_eq!(
        diff(&blocks, &before.cid, &after.cid).await.unwrap(),
        [
            change("a", one, two),
            change("d/x", one, two),
            change("d/y", one, None),
            change("d/z", None, two),
            change("gone", one, None),
            change("new", None, two),
        ]
    );
    assert!(
        diff(&blocks, &after.cid, &after.cid)
            .await
            .unwrap()
            .is_empty()
    );
}
