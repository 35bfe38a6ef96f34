//! Memory, broken-off imports, collections that run beside an import.

use std::sync::atomic::{AtomicUsize, Ordering};

use cairn_dag::import::{FileMeta, ImportOptions};
use cairn_primitives::{Multihash, unixfs::Built};
use cairn_store::BlockCollector as _;
use cairn_store::BlockError;
use cairn_store::block::{Collector, Root};

use super::*;

pub(crate) fn options(change: impl FnOnce(&mut ImportOptions)) -> ImportOptions {
    request(change)
}

/// Bytes that tell when they are let go of.
struct Counted(Vec<u8>, Arc<Gauge>);

#[derive(Default)]
struct Gauge {
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Counted {
    fn frame(bytes: Vec<u8>, gauge: &Arc<Gauge>) -> Bytes {
        let now = gauge.now.fetch_add(bytes.len(), Ordering::SeqCst) + bytes.len();
        gauge.most.fetch_max(now, Ordering::SeqCst);
        Bytes::from_owner(Self(bytes, Arc::clone(gauge)))
    }
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.1.now.fetch_sub(self.0.len(), Ordering::SeqCst);
    }
}

#[tokio::test]
async fn memory_does_not_depend_on_the_size() {
    let gauge = Arc::new(Gauge::default());
    // Raw leaves of whole frames are never copied: what is alive of the frames is all that there is.
    let options = options(|r| {
        r.only_hash = true;
        r.cid_version = Some(1);
        r.chunker = Some("size-65536".into());
    });
    let mut importer = Importer::new(Arc::new(MemoryStore::new()), options).unwrap();
    let mut file = importer.file(FileMeta::default()).unwrap();
    for index in 0..2048u32 {
        let mut frame = vec![0; 65536];
        frame[..4].copy_from_slice(&index.to_le_bytes());
        file.write(Counted::frame(frame, &gauge)).await.unwrap();
    }
    let Built { file_size, .. } = file.finish().await.unwrap();
    assert_eq!(file_size, 128 << 20);
    let most = gauge.most.load(Ordering::SeqCst);
    assert!(most <= 16 << 20, "{most} bytes were in flight");
    drop(importer);
    assert_eq!(gauge.now.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_large_frame_of_tiny_chunks_is_cut_up() {
    let store = Arc::new(MemoryStore::new());
    let parts = vec![file("f", &vec![7; 300_000])];
    let (events, _) = import(
        &store,
        &request(|r| r.chunker = Some("size-1".into())),
        parts,
    )
    .await;
    // One leaf, whose bytes are all the same, and the nodes above it.
    assert_eq!(events.len(), 1);
    let mut importer =
        Importer::new(store, options(|r| r.chunker = Some("size-1".into()))).unwrap();
    let mut whole = importer.file(FileMeta::default()).unwrap();
    whole.write(Bytes::from(vec![7; 300_000])).await.unwrap();
    assert_eq!(whole.finish().await.unwrap().cid, events[0].cid);
}

#[tokio::test]
async fn frames_do_not_matter() {
    let data = Bytes::from(noise("frames", 3_000_000));
    let mut found = Vec::new();
    for frame in [1000, 65_536, 262_144, 3_000_000] {
        let mut importer = Importer::new(Arc::new(MemoryStore::new()), options(|_| ())).unwrap();
        let mut file = importer.file(FileMeta::default()).unwrap();
        let mut rest = data.clone();
        while !rest.is_empty() {
            file.write(rest.split_to(rest.len().min(frame)))
                .await
                .unwrap();
        }
        found.push(file.finish().await.unwrap());
    }
    assert!(found.iter().all(|built| *built == found[0]));
}

struct Collecting<'a>(&'a [Root]);

impl Collector for Collecting<'_> {
    fn roots(&mut self) -> Result<Vec<Root>, BlockError> {
        Ok(self.0.to_vec())
    }

    fn removed(&mut self, _key: &Multihash) {}
}

#[tokio::test]
async fn what_is_broken_off_is_collected() {
    let store = Arc::new(MemoryStore::new());
    let mut importer = Importer::new(store.clone(), options(|_| ())).unwrap();
    let mut file = importer.file(FileMeta::default()).unwrap();
    for seed in 0..20 {
        file.write(Bytes::from(noise(&seed.to_string(), 1 << 20)))
            .await
            .unwrap();
    }
    drop(file);
    drop(importer);
    // Jobs that were running may still hold what they hash, but nothing is written after the importer is gone.
    assert!(store.stat().unwrap().blocks > 0);
    store.collect(&mut Collecting(&[])).unwrap();
    assert_eq!(store.stat().unwrap().blocks, 0);
}

#[tokio::test]
async fn a_collection_spares_what_is_being_imported() {
    let store = Arc::new(MemoryStore::new());
    let data = noise("kept", 3 << 20);
    // The blocks are there from an earlier import, without a pin: only the hold keeps them.
    let (_, earlier) = import(&store, &ImportOptions::default(), vec![file("f", &data)]).await;
    drop(earlier);
    let (events, mut seen) = mpsc::channel(16);
    let mut tree = Tree::new(
        Importer::new(store.clone(), options(|_| ())).unwrap(),
        events,
    );
    let collecting = std::thread::spawn({
        let store = store.clone();
        move || {
            while Arc::strong_count(&store) > 2 {
                store.collect(&mut Collecting(&[])).unwrap();
            }
        }
    });
    send(&mut tree, file("d/f", &data), 10_000).await.unwrap();
    let finished = tree.finish().await.unwrap();
    let root = Root {
        cid: finished.roots[0].cid.clone(),
        recursive: true,
    };
    store
        .collect(&mut Collecting(std::slice::from_ref(&root)))
        .unwrap();
    let whole = |store: &MemoryStore| {
        let mut whole = true;
        store
            .walk(std::slice::from_ref(&root), &mut |_, present| {
                whole &= present;
                true
            })
            .unwrap();
        whole
    };
    assert!(whole(&store));
    assert_eq!(seen.recv().await.unwrap().name, "d/f");
    drop(finished);
    let last = store.clone();
    drop(store);
    drop(last);
    collecting.join().unwrap();
}

#[tokio::test]
async fn stops_when_nobody_listens() {
    let (events, seen) = mpsc::channel(1);
    drop(seen);
    let mut tree = Tree::new(
        Importer::new(Arc::new(MemoryStore::new()), options(|_| ())).unwrap(),
        events,
    );
    let error = send(&mut tree, file("f", HELLO), 10).await.unwrap_err();
    assert!(matches!(error, ImportError::Abandoned));
}

#[tokio::test]
async fn a_write_that_was_dropped_fails_the_file() {
    let mut importer = Importer::new(
        Arc::new(MemoryStore::new()),
        options(|r| r.only_hash = true),
    )
    .unwrap();
    let mut file = importer.file(FileMeta::default()).unwrap();
    let large = Bytes::from(vec![1; 200 << 20]);
    {
        let mut write = Box::pin(file.write(large));
        // Polled once, it waits for the threads; then it is dropped.
        let polled = futures_util::poll!(&mut write);
        assert!(polled.is_pending());
    }
    assert!(matches!(
        file.write(Bytes::from_static(b"x")).await,
        Err(ImportError::Failed)
    ));
    assert!(matches!(file.finish().await, Err(ImportError::Failed)));
}
