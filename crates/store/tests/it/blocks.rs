//! The block stores, as others use them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use cairn_store::block::conformance::{self, Store, raw, wait};
use cairn_store::block::{
    BlockError, BlockStore, MemoryStore, NotifyingStore, OpenError, Options, SegmentStore,
    WriteListener,
};
use cairn_store::{BlockCollector as _, BlockReader as _, BlockWriter as _};

fn small() -> Options {
    Options {
        reserve: 1 << 20,
        ..Options::default()
    }
}

#[test]
fn memory_conforms() {
    conformance::all(&|| Arc::new(MemoryStore::new()));
}

#[test]
fn a_store_that_tells_of_writes_conforms() {
    let told = Arc::new(AtomicU32::new(0));
    conformance::all(&|| {
        let (listener, told) = (WriteListener::default(), Arc::clone(&told));
        listener.set(Some(Arc::new(move |cids| {
            told.fetch_add(u32::try_from(cids.len()).unwrap(), Ordering::Relaxed);
        })));
        Arc::new(NotifyingStore::new(Arc::new(MemoryStore::new()), listener))
    });
    assert!(told.load(Ordering::Relaxed) > 0);
}

#[test]
fn segments_conform() {
    let dir = tempfile::tempdir().unwrap();
    let count = AtomicU32::new(0);
    let make = |options: Options| {
        let path = dir
            .path()
            .join(count.fetch_add(1, Ordering::Relaxed).to_string());
        SegmentStore::open(path, options).unwrap().0
    };
    conformance::all(&|| -> Store { make(small()) });
    // Small segments: everything crosses their edges.
    conformance::all(&|| -> Store {
        make(Options {
            segment_size: 1 << 20,
            max_pending: 1024,
            open_files: 2,
            verify_reads: false,
            ..small()
        })
    });
}

#[test]
fn a_deep_chain_is_walked_without_recursion() {
    let dir = tempfile::tempdir().unwrap();
    let (store, _) = SegmentStore::open(dir.path(), small()).unwrap();
    conformance::deep_chain(&*store, 60_000);
}

#[test]
fn what_was_answered_survives_without_a_close() {
    let dir = tempfile::tempdir().unwrap();
    let blocks: Vec<_> = (0u32..100)
        .map(|number| raw(&number.to_le_bytes()))
        .collect();
    let (store, report) = SegmentStore::open(dir.path(), small()).unwrap();
    assert!(report.created);
    let id = store.id();
    assert!(matches!(
        SegmentStore::open(dir.path(), small()),
        Err(OpenError::InUse)
    ));
    wait(store.put(&store.hold(), blocks.clone())).unwrap();
    // As after `kill -9`: the files as they are now, elsewhere.
    let copy = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(copy.path().join("segments")).unwrap();
    for name in ["store.json", "segments/00000001.car"] {
        std::fs::copy(dir.path().join(name), copy.path().join(name)).unwrap();
    }
    let (again, report) = SegmentStore::open(copy.path(), small()).unwrap();
    assert!(report.reindexed.is_some() && report.damaged.is_empty());
    assert_eq!(again.id(), id);
    assert!(
        blocks
            .iter()
            .all(|block| again.get_blocking(block.cid.hash()).unwrap().unwrap() == block.data)
    );
    drop(store);
    let (store, report) = SegmentStore::open(dir.path(), small()).unwrap();
    assert!(report.reindexed.is_none() && !report.created);
    assert_eq!(store.stat().unwrap().blocks, 100);
}

#[test]
fn read_only_and_reindex() {
    let dir = tempfile::tempdir().unwrap();
    let block = raw(b"block");
    assert!(
        SegmentStore::open(
            dir.path().join("none"),
            Options {
                read_only: true,
                ..small()
            }
        )
        .is_err()
    );
    let (store, _) = SegmentStore::open(dir.path(), small()).unwrap();
    wait(store.put(&store.hold(), vec![block.clone()])).unwrap();
    drop(store);
    let read_only = Options {
        read_only: true,
        ..small()
    };
    let (store, _) = SegmentStore::open(dir.path(), read_only).unwrap();
    let (other, _) = SegmentStore::open(dir.path(), read_only).unwrap();
    assert!(matches!(
        SegmentStore::open(dir.path(), small()),
        Err(OpenError::InUse)
    ));
    assert_eq!(
        other.get_blocking(block.cid.hash()).unwrap().unwrap(),
        block.data
    );
    assert!(matches!(
        wait(store.put(&store.hold(), vec![raw(b"x")])),
        Err(BlockError::ReadOnly)
    ));
    drop((store, other));
    let mut told = Vec::new();
    let (store, report) = SegmentStore::reindex(dir.path(), small(), &mut |done, total| {
        told.push((done, total));
    })
    .unwrap();
    assert!(report.reindexed.is_some());
    assert!(told.last().is_some_and(|(done, total)| done == total));
    assert_eq!(
        store.get_blocking(block.cid.hash()).unwrap().unwrap(),
        block.data
    );
}

#[test]
fn a_later_format_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(
        dir.path().join("store.json"),
        br#"{"format":2,"store":"x","generation":1}"#,
    )
    .unwrap();
    assert!(matches!(
        SegmentStore::open(dir.path(), small()),
        Err(OpenError::Format { found: 2, known: 1 })
    ));
    std::fs::write(dir.path().join("store.json"), b"{").unwrap();
    assert!(matches!(
        SegmentStore::open(dir.path(), small()),
        Err(OpenError::Identity { .. })
    ));
}
