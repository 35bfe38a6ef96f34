use std::collections::BTreeSet;

use bytes::Bytes;
use cairn_primitives::codec::dag_pb::{Link, Node as PbNode};
use cairn_primitives::unixfs::{NodeKind, UnixFs};
use cairn_primitives::{Block, Codec, Multihash};
use cairn_store::BlockStore;
use cairn_store::block::MemoryStore;
use cairn_store::meta::{MemoryRows, Pin, PinChange, PinMode, PinOwner, Rows};
use futures_util::StreamExt as _;

use super::*;
use cairn_dag::mfs::MfsError;

fn node(kind: NodeKind, children: &[&Block]) -> Block {
    let links = children.iter().map(|child| Link {
        cid: child.cid.clone(),
        name: None,
        size: None,
    });
    let node = PbNode {
        links: links.collect(),
        data: Some(UnixFs::new(kind).encode()),
    };
    let data = Bytes::from(node.encode());
    Block::new(Cid::v1(Codec::DAG_PB, Multihash::sha2_256(&data)), data)
}

fn raw(text: &str) -> Block {
    let data = Bytes::copy_from_slice(text.as_bytes());
    Block::new(Cid::v1(Codec::RAW, Multihash::sha2_256(&data)), data)
}

async fn list(content: &Content, strategy: &str) -> BTreeSet<Cid> {
    let content = Content {
        strategy: strategy.parse().unwrap(),
        ..content.clone()
    };
    let cids: Vec<_> = content.cids().collect().await;
    cids.into_iter().map(|cid| cid.unwrap().to_v1()).collect()
}

#[tokio::test]
async fn strategies_choose_the_content() {
    let (chunk, leaf, other) = (raw("chunk"), raw("leaf"), raw("other"));
    let file = node(NodeKind::File, &[&chunk]);
    let directory = node(NodeKind::Directory, &[&file, &leaf]);
    let store: Arc<dyn BlockStore> = Arc::new(MemoryStore::new());
    let hold = store.hold();
    let blocks = [&chunk, &leaf, &other, &file, &directory];
    let all: BTreeSet<Cid> = blocks.iter().map(|block| block.cid.clone()).collect();
    let owned = blocks.into_iter().cloned().collect();
    store.put(&hold, owned).await.unwrap();
    let rows: Arc<dyn Rows> = Arc::new(MemoryRows::new());
    let pins = [(&directory, PinMode::Recursive), (&other, PinMode::Direct)];
    let pins = pins.map(|(block, mode)| {
        PinChange::Set(Pin {
            cid: block.cid.clone(),
            mode,
            name: String::new(),
            owner: PinOwner::User,
        })
    });
    rows.change_pins(pins.to_vec()).await.unwrap();
    let content = Content {
        store,
        rows,
        mfs: Err(MfsError::NotFound { path: "/".into() }),
        strategy: Strategy::All,
    };
    // All blocks are listed by their multihashes.
    let hashes: BTreeSet<_> = all.iter().map(Cid::to_raw).collect();
    assert_eq!(list(&content, "all").await, hashes);
    assert_eq!(list(&content, "pinned").await, all);
    let roots = BTreeSet::from([directory.cid.clone(), other.cid.clone()]);
    assert_eq!(list(&content, "roots").await, roots);
    let mut entities = all.clone();
    entities.remove(&chunk.cid);
    assert_eq!(list(&content, "pinned+entities").await, entities);
    let broken = Content {
        strategy: "mfs".parse().unwrap(),
        ..content
    };
    let listed: Vec<_> = broken.cids().collect().await;
    assert!(matches!(listed[..], [Err(_)]));
}

#[test]
fn only_recursive_pins_are_followed() {
    let told = Arc::new(parking_lot::Mutex::new(Vec::new()));
    let sink: Sink = {
        let told = Arc::clone(&told);
        Arc::new(move |cids| told.lock().extend_from_slice(cids))
    };
    let pins = [("direct", false), ("recursive", true)].map(|(text, recursive)| Root {
        cid: raw(text).cid,
        recursive,
    });
    let (below, mut waiting) = mpsc::channel(2);
    announce_pins(&pins, &sink, Some(&below));
    assert_eq!(*told.lock(), pins.clone().map(|pin| pin.cid));
    assert_eq!(waiting.try_recv().unwrap(), pins[1].cid);
    assert!(waiting.try_recv().is_err());
}
