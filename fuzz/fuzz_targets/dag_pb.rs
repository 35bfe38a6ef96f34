//! DAG-PB: the canonical form of a node is the same node, and the links are those of the node.
#![no_main]

use bytes::Bytes;
use cairn_primitives::codec::dag_pb::{self, Node};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let bytes = Bytes::copy_from_slice(data);
    let links = dag_pb::links(data);
    let Ok(mut node) = Node::decode(&bytes) else {
        return;
    };
    let cids: Vec<_> = node.links.iter().map(|link| link.cid.clone()).collect();
    assert_eq!(links.expect("links of a decoded node"), cids);
    let canonical = Bytes::from(node.encode());
    node.links.sort_by(|a, b| {
        a.name
            .as_deref()
            .unwrap_or_default()
            .cmp(b.name.as_deref().unwrap_or_default())
    });
    assert_eq!(Node::decode(&canonical).as_ref(), Ok(&node));
    assert_eq!(node.encode(), canonical);
    assert_eq!(dag_pb::from_ipld(&dag_pb::to_ipld(node.clone())), Ok(node));
});
