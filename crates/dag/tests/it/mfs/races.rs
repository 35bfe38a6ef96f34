//! Many writers at once, collections beside them, and kills.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cairn_dag::Blocks;
use cairn_dag::gc;
use cairn_dag::mfs::{Mfs, MfsError, Settings, WriteOptions, chroot};
use cairn_primitives::Cid;
use cairn_store::BlockCollector as _;
use cairn_store::BlockStore;
use cairn_store::block::{Options, SegmentStore};
use cairn_store::meta::{MfsRows as _, Rows as _, SqliteRows};

use super::model::{Model, walk};
use super::{Fs, body, path};

/// A store on a disk with its rows.
struct Disk {
    folder: tempfile::TempDir,
    store: Arc<SegmentStore>,
    rows: Arc<SqliteRows>,
}

impl Disk {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::open(folder).await
    }

    async fn open(folder: tempfile::TempDir) -> Self {
        let (store, _) =
            SegmentStore::open(folder.path().join("blocks"), Options::default()).unwrap();
        let rows = SqliteRows::open(folder.path().join("rows.sqlite"), false).unwrap();
        rows.bind(&store.id()).await.unwrap();
        Self {
            folder,
            store,
            rows,
        }
    }

    fn blocks(&self) -> Blocks {
        Blocks::offline(self.store.clone())
    }

    async fn mfs(&self) -> Mfs {
        Mfs::open(self.blocks(), self.rows.clone(), Settings::new().unwrap())
            .await
            .unwrap()
    }

    fn collect(&self, mfs: &Mfs) {
        let mfs = mfs.clone();
        gc::collect(
            &*self.store,
            &*self.rows,
            &move || mfs.roots(),
            &AtomicBool::new(false),
            &mut |_| (),
        )
        .unwrap();
    }
}

fn create() -> WriteOptions {
    WriteOptions {
        create: true,
        parents: true,
        ..WriteOptions::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_hundred_writers_and_a_collection_leave_one_tree() {
    let disk = Arc::new(Disk::new().await);
    let mfs = disk.mfs().await;
    let done = Arc::new(AtomicBool::new(false));
    let collecting = {
        let (disk, mfs, done) = (disk.clone(), mfs.clone(), done.clone());
        tokio::task::spawn_blocking(move || {
            let mut times = 0;
            while !done.load(Ordering::Relaxed) || times < 2 {
                disk.collect(&mfs);
                times += 1;
            }
        })
    };
    let writers: Vec<_> = (0..200)
        .map(|number: u32| {
            let mfs = mfs.clone();
            tokio::spawn(async move {
                let own = path(&format!("/{}/{number}", number % 7));
                let bytes = number.to_le_bytes().repeat(1_000);
                mfs.write(&own, &create(), body(&bytes)).await.unwrap();
                let moved = path(&format!("/{}/moved {number}", number % 5));
                let copied = path(&format!("/copies/{number}"));
                let parents = cairn_dag::mfs::CopyOptions {
                    parents: true,
                    ..cairn_dag::mfs::CopyOptions::default()
                };
                mfs.cp(&own.to_string(), &copied, &parents).await.unwrap();
                let shared = WriteOptions {
                    offset: u64::from(number) * 4,
                    ..create()
                };
                mfs.write(&path("/shared"), &shared, body(&number.to_le_bytes()))
                    .await
                    .unwrap();
                if number.is_multiple_of(3) {
                    match mfs.mv(&own, &moved, true).await {
                        Ok(()) => {}
                        // The directory may not have been made yet.
                        Err(MfsError::NotFound { .. }) => {}
                        Err(error) => panic!("{error}"),
                    }
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    done.store(true, Ordering::Relaxed);
    collecting.await.unwrap();

    let stat = mfs.stat(&path("/"), true).await.unwrap();
    assert!(stat.local.unwrap().whole);
    assert_eq!(disk.rows.mfs_root().unwrap(), Some(stat.cid.clone()));
    let mut found = Model::new();
    walk(&disk.blocks(), &stat.cid, String::new(), &mut found).await;
    let shared: Vec<u8> = (0..200u32).flat_map(u32::to_le_bytes).collect();
    assert_eq!(found.get("/shared"), Some(&Some(shared)));
    for number in 0..200u32 {
        let bytes = Some(number.to_le_bytes().repeat(1_000));
        assert_eq!(found.get(&format!("/copies/{number}")), Some(&bytes));
        let places = [
            format!("/{}/{number}", number % 7),
            format!("/{}/moved {number}", number % 5),
        ];
        let there = places
            .iter()
            .filter(|place| found.get(*place) == Some(&bytes));
        assert_eq!(there.count(), 1, "{number}");
    }
}

#[tokio::test]
async fn a_collection_keeps_the_tree_and_what_is_read() {
    let disk = Disk::new().await;
    let mfs = disk.mfs().await;
    let old = vec![1; 600_000];
    mfs.write(&path("/f"), &create(), body(&old)).await.unwrap();
    let mut reading = mfs.read(&path("/f"), 0, None).await.unwrap();
    let first = reading.next().await.unwrap().unwrap();
    let lazy = WriteOptions {
        truncate: true,
        flush: false,
        ..create()
    };
    mfs.write(&path("/f"), &lazy, body(b"new")).await.unwrap();
    disk.collect(&mfs);
    let mut read = first.to_vec();
    while let Some(next) = reading.next().await.unwrap() {
        read.extend_from_slice(&next);
    }
    assert_eq!(read, old);
    drop(reading);
    // Not flushed, and kept all the same; and so is what the repository names.
    let named = disk.rows.mfs_root().unwrap().unwrap();
    assert_ne!(named, mfs.tree());
    let mut found = Model::new();
    walk(&disk.blocks(), &named, String::new(), &mut found).await;
    assert_eq!(found.get("/f"), Some(&Some(old)));
    mfs.flush(&path("/")).await.unwrap();
    let before = disk.store.stat().unwrap().blocks;
    disk.collect(&mfs);
    assert!(disk.store.stat().unwrap().blocks < before);
    let mut found = Model::new();
    walk(&disk.blocks(), &mfs.tree(), String::new(), &mut found).await;
    assert_eq!(found.get("/f"), Some(&Some(b"new".to_vec())));
}

#[tokio::test]
async fn what_was_not_flushed_is_gone_after_a_kill_and_all_else_is_there() {
    let disk = Disk::new().await;
    let mfs = disk.mfs().await;
    mfs.write(&path("/kept"), &create(), body(b"kept"))
        .await
        .unwrap();
    let flushed: Cid = mfs.tree();
    let lazy = WriteOptions {
        flush: false,
        ..create()
    };
    mfs.write(&path("/lost"), &lazy, body(b"lost"))
        .await
        .unwrap();
    // As a kill leaves it: nothing is closed.
    let copy = tempfile::tempdir().unwrap();
    for entry in walk_files(disk.folder.path()) {
        let to = copy
            .path()
            .join(entry.strip_prefix(disk.folder.path()).unwrap());
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(&entry, &to).unwrap();
    }
    let again = Disk::open(copy).await;
    let mfs = again.mfs().await;
    assert_eq!(mfs.tree(), flushed);
    let mut listing = mfs.ls(&path("/"), false).await.unwrap();
    assert_eq!(listing.next().await.unwrap().unwrap().name, "kept");
    assert!(listing.next().await.unwrap().is_none());
}

fn walk_files(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            files.extend(walk_files(&entry.path()));
        } else {
            files.push(entry.path());
        }
    }
    files
}

#[tokio::test]
async fn a_root_can_be_set_anew() {
    let fs = Fs::new().await;
    fs.create("/f", b"1").await.unwrap();
    let dir = fs.dag.recorded();
    let file = fs.dag.file(b"x", &[]);
    let refused = chroot(&fs.dag.blocks(), &*fs.rows, &file.cid).await;
    assert!(matches!(refused, Err(MfsError::BadRoot { .. })));
    let refused = chroot(&fs.dag.blocks(), &*fs.rows, &crate::support::absent()).await;
    assert!(matches!(refused, Err(MfsError::BadRoot { .. })));
    let before = chroot(&fs.dag.blocks(), &*fs.rows, &dir.cid).await.unwrap();
    assert_eq!(before, Some(fs.mfs.tree()));
    let again = Mfs::open(fs.dag.blocks(), fs.rows.clone(), Settings::new().unwrap())
        .await
        .unwrap();
    assert_eq!(again.tree(), dir.cid);
}
