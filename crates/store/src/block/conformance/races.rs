//! Writers beside collections.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use cairn_primitives::Multihash;

use super::super::traits::{BlockError, Collector, Root};
use super::{Store, node, raw, wait};

/// Writers pin under holds while collections run: nothing that was pinned may go.
pub(super) fn collections_beside_writers(store: &Store) {
    let stop = Arc::new(AtomicBool::new(false));
    let pins: Arc<parking_lot::Mutex<Vec<Root>>> = Arc::default();
    let rounds = Arc::new(AtomicU64::new(0));
    let writers: Vec<_> = (0..3u64)
        .map(|writer| {
            let (store, stop, pins) = (Arc::clone(store), Arc::clone(&stop), Arc::clone(&pins));
            thread::spawn(move || {
                let mut made = Vec::new();
                let mut number = 0u64;
                while !stop.load(Ordering::Relaxed) || number < 20 {
                    // Leaves come again and again, so that many puts find a block that is about to be collected.
                    let leaf = raw(&[b"leaf", &(number % 7).to_le_bytes()[..]].concat());
                    let root = node(
                        std::slice::from_ref(&leaf.cid),
                        &(writer << 32 | number).to_le_bytes(),
                    );
                    let hold = store.hold();
                    wait(store.put(&hold, vec![leaf.clone(), root.clone()])).unwrap();
                    assert!(
                        hold.touch_blocking(leaf.cid.hash()).unwrap(),
                        "a block vanished under its hold"
                    );
                    pins.lock().push(Root {
                        cid: root.cid.clone(),
                        recursive: true,
                    });
                    drop(hold);
                    assert!(
                        store.has_blocking(leaf.cid.hash()).unwrap()
                            && store.has_blocking(root.cid.hash()).unwrap()
                    );
                    made.push((leaf, root));
                    if number.is_multiple_of(3) {
                        pins.lock()
                            .retain(|pin| pin.cid != made.last().unwrap().1.cid);
                        made.pop();
                    }
                    number += 1;
                }
                made
            })
        })
        .collect();
    struct Live(Arc<parking_lot::Mutex<Vec<Root>>>);
    impl Collector for Live {
        fn roots(&mut self) -> Result<Vec<Root>, BlockError> {
            Ok(self.0.lock().clone())
        }
        fn removed(&mut self, _key: &Multihash) {}
    }
    while rounds.fetch_add(1, Ordering::Relaxed) < 12 {
        let done = store.collect(&mut Live(Arc::clone(&pins))).unwrap();
        assert_eq!(done.missing, 0, "a pinned block was lost");
    }
    stop.store(true, Ordering::Relaxed);
    for writer in writers {
        for (leaf, root) in writer.join().unwrap() {
            assert_eq!(
                store.get_blocking(leaf.cid.hash()).unwrap().unwrap(),
                leaf.data
            );
            assert_eq!(
                store.get_blocking(root.cid.hash()).unwrap().unwrap(),
                root.data
            );
        }
    }
}
