use std::path::Path;

use cairn_primitives::CidList;

use super::super::conformance::{self, FixedRoots, Store, deep, node, raw, wait};
use super::super::traits::{BlockCollector as _, BlockReader as _, BlockWriter as _};
use super::super::traits::{Collected, Collector, Hold, MAX_BLOCK, ReferenceFault, Root};
use super::super::{MemoryStore, Options, SegmentStore};
use super::*;
use crate::meta::{MemoryRows, SqliteRows};

struct Case {
    folder: tempfile::TempDir,
    rows: Arc<MemoryRows>,
    store: Arc<Filestore>,
}

fn over(below: Store, rows: Arc<dyn ReferenceRows>, root: &Path) -> Arc<Filestore> {
    let options = FilestoreOptions {
        root: root.to_owned(),
        files: true,
        urls: false,
    };
    Filestore::open(below, rows, options).unwrap()
}

impl Case {
    fn new() -> Self {
        Self::over(Arc::new(MemoryStore::new()))
    }

    fn over(below: Store) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let rows = Arc::new(MemoryRows::new());
        let store = over(below, rows.clone(), folder.path());
        Self {
            folder,
            rows,
            store,
        }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    /// Writes a file, and describes pieces of 10 bytes of it.
    fn file(&self, name: &str, data: &[u8]) -> Vec<NewReference> {
        std::fs::write(self.path(name), data).unwrap();
        let pieces = data.chunks(10).enumerate();
        let new = pieces.map(|(at, piece)| NewReference {
            key: Multihash::sha2_256(piece),
            source: self.path(name).into(),
            offset: at as u64 * 10,
            size: piece.len() as u64,
        });
        new.collect()
    }

    fn refer(&self, new: Vec<NewReference>) -> Hold {
        let hold = self.store.hold();
        wait(self.store.refer(&hold, new)).unwrap();
        hold
    }

    fn path_of(&self, key: &Multihash) -> Option<String> {
        let found = self.store.references(std::slice::from_ref(key)).unwrap();
        found[0].as_ref().map(|found| found.path.to_string())
    }

    fn collect(&self, roots: Vec<Root>) -> (Collected, Vec<Multihash>) {
        let mut collector = FixedRoots {
            roots,
            removed: Vec::new(),
        };
        let done = self.store.collect(&mut collector).unwrap();
        (done, collector.removed)
    }
}

fn key(data: &[u8]) -> Multihash {
    Multihash::sha2_256(data)
}

fn fault(result: Result<Option<Bytes>, BlockError>) -> (String, ReferenceFault) {
    match result {
        Err(error @ BlockError::Referenced { .. }) => {
            let told = error.to_string();
            match error {
                BlockError::Referenced { source, .. } => (told, source),
                _ => unreachable!(),
            }
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn conforms_over_any_store() {
    let folder = tempfile::tempdir().unwrap();
    conformance::all(&|| -> Store {
        let below = Arc::new(MemoryStore::new());
        over(below, Arc::new(MemoryRows::new()), folder.path())
    });
    let count = AtomicU64::new(0);
    conformance::all(&|| -> Store {
        let number = count.fetch_add(1, Ordering::Relaxed).to_string();
        let options = Options {
            reserve: 1 << 20,
            ..Options::default()
        };
        let (below, _) = SegmentStore::open(folder.path().join(&number), options).unwrap();
        let rows = SqliteRows::open(folder.path().join(number + ".sqlite"), false).unwrap();
        over(below, rows, folder.path())
    });
}

#[test]
fn blocks_are_read_out_of_files() {
    let case = Case::new();
    let stored = raw(b"stored");
    let hold = case.store.hold();
    wait(case.store.put(&hold, vec![stored.clone()])).unwrap();
    case.refer(case.file("f", b"0123456789abcdefghijxyz"));
    let tail = key(b"xyz");
    assert!(case.store.has_blocking(&tail).unwrap());
    assert_eq!(case.store.size_blocking(&tail).unwrap(), Some(3));
    assert_eq!(
        &case.store.get_blocking(&tail).unwrap().unwrap()[..],
        b"xyz"
    );
    let many = case.store.get_many_blocking(&[
        tail.clone(),
        key(b"absent"),
        stored.cid.hash().clone(),
        key(b"0123456789"),
        Multihash::wrap(0, b"own").unwrap(),
    ]);
    let many: Vec<_> = many.unwrap();
    let shown: Vec<_> = many.iter().map(|data| data.as_deref()).collect();
    assert_eq!(
        shown,
        [
            Some(&b"xyz"[..]),
            None,
            Some(b"stored"),
            Some(b"0123456789"),
            Some(b"own")
        ]
    );
    assert_eq!(
        case.store.links_blocking(&named(&tail)).unwrap(),
        Some(CidList::new())
    );
    assert_eq!(case.store.stat().unwrap().blocks, 4);
    let mut sizes: Vec<u32> = case.store.keys().map(|entry| entry.unwrap().size).collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [3, 6, 10, 10]);
    let mut seen = 0;
    case.store
        .verify(&mut |_, whole| {
            seen += u32::from(whole.is_ok());
            true
        })
        .unwrap();
    assert_eq!(seen, 1, "only what is stored is verified");
    assert_eq!(
        wait(case.store.remove(&[tail.clone(), key(b"absent")])).unwrap(),
        [true, false]
    );
    assert_eq!(case.store.get_blocking(&tail).unwrap(), None);
}

#[test]
fn what_became_of_the_file_is_told_and_wrong_bytes_never_come() {
    let case = Case::new();
    case.refer(case.file("sub", b"0123456789abc"));
    let (head, tail) = (key(b"0123456789"), key(b"abc"));
    std::fs::write(case.path("sub"), b"0123456789abX").unwrap();
    assert!(case.store.get_blocking(&head).unwrap().is_some());
    let (told, why) = fault(case.store.get_blocking(&tail));
    assert!(matches!(why, ReferenceFault::Changed));
    for part in ["sub", "10", &named(&tail).to_string()] {
        assert!(told.contains(part), "{told}");
    }
    assert!(
        case.store
            .get_many_blocking(&[head.clone(), tail.clone()])
            .is_err()
    );
    std::fs::write(case.path("sub"), b"0123456789ab").unwrap();
    assert!(matches!(
        fault(case.store.get_blocking(&tail)).1,
        ReferenceFault::Short
    ));
    std::fs::remove_file(case.path("sub")).unwrap();
    assert!(matches!(
        fault(case.store.get_blocking(&tail)).1,
        ReferenceFault::Missing(_)
    ));
    std::fs::create_dir(case.path("sub")).unwrap();
    assert!(matches!(
        fault(case.store.get_blocking(&tail)).1,
        ReferenceFault::Unreadable(_)
    ));
    std::fs::remove_dir(case.path("sub")).unwrap();
    // A pipe that nobody writes to must not be waited for.
    rustix::fs::mknodat(
        rustix::fs::CWD,
        case.path("sub"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RWXU,
        0,
    )
    .unwrap();
    assert!(matches!(
        fault(case.store.get_blocking(&tail)).1,
        ReferenceFault::Unreadable(_)
    ));
}

#[test]
fn where_references_are_off_they_stay_and_are_not_followed() {
    let case = Case::new();
    case.refer(case.file("f", b"abc"));
    let options = FilestoreOptions {
        files: false,
        ..case.store.options().clone()
    };
    let off = Filestore::open(case.store.below().clone(), case.rows.clone(), options).unwrap();
    assert!(!off.is_enabled());
    assert!(off.has_blocking(&key(b"abc")).unwrap());
    assert!(matches!(
        fault(off.get_blocking(&key(b"abc"))).1,
        ReferenceFault::FilesOff
    ));
    let refused = wait(off.refer(&off.hold(), case.file("g", b"g"))).unwrap_err();
    assert_eq!(refused.to_string(), "references to files are disabled");
    let mut all = FixedRoots {
        roots: deep(&[&named(&key(b"abc"))]),
        removed: Vec::new(),
    };
    assert_eq!(off.collect(&mut all).unwrap(), Collected::default());
    // What is written is stored, whatever refers to it.
    wait(off.put(&off.hold(), vec![raw(b"abc")])).unwrap();
    assert_eq!(
        &off.get_blocking(&key(b"abc")).unwrap().unwrap()[..],
        b"abc"
    );
}

#[test]
fn a_batch_with_a_file_outside_changes_nothing() {
    let case = Case::new();
    let mut new = case.file("f", b"abc");
    new.push(NewReference {
        source: "/etc/passwd".into(),
        ..new[0].clone()
    });
    let hold = case.store.hold();
    let refused = wait(case.store.refer(&hold, new)).unwrap_err();
    assert!(
        matches!(refused, BlockError::OutsideRoot { .. }),
        "{refused}"
    );
    let large = NewReference {
        size: MAX_BLOCK as u64 + 1,
        ..case.file("f", b"abc").remove(0)
    };
    assert!(matches!(
        wait(case.store.refer(&hold, vec![large])),
        Err(BlockError::TooBig { .. })
    ));
    assert_eq!(case.rows.reference_count().unwrap(), 0);
    let foreign = Case::new().store.hold();
    assert!(matches!(
        wait(case.store.refer(&foreign, Vec::new())),
        Err(BlockError::OtherHold)
    ));
}

#[test]
fn a_block_is_not_kept_twice() {
    let case = Case::new();
    let hold = case.store.hold();
    wait(case.store.put(&hold, vec![raw(b"stored")])).unwrap();
    case.refer(case.file("stored", b"stored"));
    assert_eq!(case.path_of(&key(b"stored")), None);
    case.refer(case.file("one", b"abc"));
    assert!(case.store.keeps(&hold, &key(b"abc")).unwrap());
    assert!(!case.store.keeps(&hold, &key(b"absent")).unwrap());
    case.refer(case.file("two", b"abc"));
    assert_eq!(case.path_of(&key(b"abc")).as_deref(), Some("one"));
    // The first is gone: what was answered to the second must be readable.
    std::fs::write(case.path("one"), b"xyz").unwrap();
    assert!(!case.store.keeps(&hold, &key(b"abc")).unwrap());
    case.refer(case.file("two", b"abc"));
    assert_eq!(case.path_of(&key(b"abc")).as_deref(), Some("two"));
    assert!(case.store.get_blocking(&key(b"abc")).unwrap().is_some());
    // One that was handed over is stored, as with Kubo's `add`.
    wait(case.store.put(&hold, vec![raw(b"abc")])).unwrap();
    std::fs::remove_file(case.path("two")).unwrap();
    assert!(case.store.get_blocking(&key(b"abc")).unwrap().is_some());
}

#[test]
fn collection_takes_references_that_nothing_reaches() {
    let folder = tempfile::tempdir().unwrap();
    let (segments, _) = SegmentStore::open(folder.path(), Options::default()).unwrap();
    for below in [Arc::new(MemoryStore::new()) as Store, segments] {
        let case = Case::over(below);
        let leaf = |data| named(&key(data));
        drop(case.refer(case.file("f", b"aaaaaaaaaabbbbbbbbbbcccccccccc")));
        drop(case.refer(case.file("g", b"dd")));
        let dup = raw(b"dd");
        let root = node(&[leaf(b"aaaaaaaaaa")], b"root");
        // A node that lies in a file: whoever pins it as one keeps what it links to, here and there.
        let under = node(&[leaf(b"bbbbbbbbbb")], b"under");
        let file = node(std::slice::from_ref(&under.cid), b"file");
        drop(case.refer(case.file("node", &file.data[..10])));
        std::fs::write(case.path("node"), &file.data).unwrap();
        drop(case.refer(vec![NewReference {
            key: file.cid.hash().clone(),
            source: case.path("node").into(),
            offset: 0,
            size: file.data.len() as u64,
        }]));
        let hold = case.store.hold();
        wait(
            case.store
                .put(&hold, vec![dup, root.clone(), under.clone()]),
        )
        .unwrap();
        drop(hold);
        for turn in 0..2 {
            let mut roots = deep(&[&root.cid, &file.cid, &leaf(b"dd")]);
            roots.push(Root {
                cid: file.cid.clone(),
                recursive: false,
            });
            let (done, mut removed) = case.collect(roots);
            assert_eq!(done.missing, 0);
            let mut gone = vec![key(b"cccccccccc"), key(&file.data[..10])];
            gone.sort();
            removed.sort();
            assert_eq!(removed, if turn == 0 { gone } else { Vec::new() });
            assert_eq!(done.blocks, removed.len() as u64);
        }
        assert!(case.path_of(&key(b"dd")).is_some());
        let direct = vec![Root {
            cid: file.cid.clone(),
            recursive: false,
        }];
        let (done, _) = case.collect(direct);
        // The leaves, the two nodes, and the block that was there twice.
        assert_eq!(done.blocks, 6);
        assert_eq!(done.missing, 0);
        assert!(case.store.has_blocking(file.cid.hash()).unwrap());
        assert!(!case.store.has_blocking(under.cid.hash()).unwrap());
    }
}

#[test]
fn holds_keep_references_from_a_collection() {
    struct DuringCollection<'a>(Box<dyn FnMut() + Send + 'a>);
    impl Collector for DuringCollection<'_> {
        fn roots(&mut self) -> Result<Vec<Root>, BlockError> {
            (self.0)();
            Ok(Vec::new())
        }
        fn removed(&mut self, _key: &Multihash) {}
    }
    let case = Case::new();
    drop(case.refer(case.file("f", b"aaaaaaaaaabbbbbbbbbbcccccccccc")));
    let hold = case.store.hold();
    assert!(hold.touch_blocking(&key(b"aaaaaaaaaa")).unwrap());
    assert!(!hold.touch_blocking(&key(b"absent")).unwrap());
    let (mut during, mut ending) = (None, Some(hold));
    let mut midway = DuringCollection(Box::new(|| {
        // One that is found again, and a new one.
        let mut new = case.file("f", b"aaaaaaaaaabbbbbbbbbbcccccccccc");
        new.remove(0);
        new.truncate(1);
        new.extend(case.file("g", b"new"));
        during = Some(case.refer(new));
        drop(ending.take());
    }));
    assert_eq!(case.store.collect(&mut midway).unwrap().blocks, 1);
    drop(midway);
    assert!(case.path_of(&key(b"cccccccccc")).is_none());
    assert_eq!(case.collect(Vec::new()).0.blocks, 1);
    assert!(case.path_of(&key(b"bbbbbbbbbb")).is_some());
    assert!(case.path_of(&key(b"new")).is_some());
    drop(during);
    assert_eq!(case.collect(Vec::new()).0.blocks, 2);
}

#[test]
fn ids_go_on_after_a_restart() {
    let case = Case::new();
    case.refer(case.file("f", b"aaaaaaaaaabb"));
    let again = over(
        case.store.below().clone(),
        case.rows.clone(),
        case.folder.path(),
    );
    wait(again.refer(&again.hold(), case.file("g", b"g"))).unwrap();
    let ids: Vec<u64> = again
        .references(&[key(b"aaaaaaaaaa"), key(b"bb"), key(b"g")])
        .unwrap()
        .into_iter()
        .map(|found| found.unwrap().id)
        .collect();
    assert_eq!(ids, [1, 2, 3]);
}
