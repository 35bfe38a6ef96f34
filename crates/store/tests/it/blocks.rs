//! The block stores, as others use them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use cairn_store::block::conformance::{self, Store};
use cairn_store::block::{MemoryStore, Options, SegmentStore};

#[test]
fn memory_conforms() {
    conformance::all(&|| Arc::new(MemoryStore::new()));
}

#[test]
fn segments_conform() {
    let dir = tempfile::tempdir().unwrap();
    let count = AtomicU32::new(0);
    conformance::all(&|| -> Store {
        let path = dir.path().join(count.fetch_add(1, Ordering::Relaxed).to_string());
        SegmentStore::open(path, Options { reserve: 1 << 20, ..Options::default() }).unwrap().0
    });
}
