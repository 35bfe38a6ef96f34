//! Links, and walks along them.

use cairn_primitives::Cid;

use super::super::traits::{BlockStore, Root};
use super::{collect, deep, node, put, raw, wait};

pub(super) fn links_and_walk(store: &dyn BlockStore) {
    let (a, b, absent) = (raw(b"a"), raw(b"b"), raw(b"absent"));
    let inner = node(&[b.cid.clone(), absent.cid.clone()], b"inner");
    let root = node(&[a.cid.clone(), inner.cid.clone(), a.cid.clone()], b"root");
    put(store, &[&a, &b, &inner, &root]);
    assert_eq!(
        store.links_blocking(&root.cid).unwrap().unwrap(),
        [a.cid.clone(), inner.cid.clone(), a.cid.clone()]
    );
    assert_eq!(store.links_blocking(&absent.cid).unwrap(), None);
    assert_eq!(
        store
            .links_blocking(&root.cid.to_raw())
            .unwrap()
            .unwrap()
            .len(),
        0
    );
    let mut seen = Vec::new();
    let roots = [
        Root {
            cid: root.cid.clone(),
            recursive: false,
        },
        Root {
            cid: root.cid.clone(),
            recursive: true,
        },
    ];
    store
        .walk(&roots, &mut |cid, present| {
            seen.push((cid.clone(), present));
            true
        })
        .unwrap();
    let expected = [
        (&root, true),
        (&a, true),
        (&inner, true),
        (&b, true),
        (&absent, false),
    ];
    assert_eq!(
        seen,
        expected.map(|(block, present)| (block.cid.clone(), present))
    );
    let mut seen = 0;
    store
        .walk(&deep(&[&root.cid]), &mut |_, _| {
            seen += 1;
            false
        })
        .unwrap();
    assert_eq!(seen, 1);
}

/// A chain of nodes, each linking to the next.
pub fn deep_chain(store: &dyn BlockStore, length: u32) {
    let hold = store.hold();
    let mut below: Vec<Cid> = Vec::new();
    for number in 0..length {
        let block = node(&below, &number.to_le_bytes());
        below = vec![block.cid.clone()];
        store.write_blocking(&hold, vec![block]).unwrap();
    }
    wait(store.sync()).unwrap();
    drop(hold);
    for _ in 0..2 {
        let (done, _) = collect(store, deep(&below.iter().collect::<Vec<_>>()));
        assert_eq!((done.blocks, done.missing), (0, 0));
    }
    let mut seen = 0;
    store
        .walk(
            &deep(&below.iter().collect::<Vec<_>>()),
            &mut |_, present| {
                seen += u32::from(present);
                true
            },
        )
        .unwrap();
    assert_eq!(seen, length);
}
