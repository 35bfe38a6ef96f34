//! How fast content is taken in, into a store in memory and into segments on disk.
//!
//! `cargo bench -p cairn-dag --bench import [FILTER]`; `CAIRN_BENCH_DIR` says where the segments go.
#![allow(clippy::unwrap_used, reason = "a measurement may fail where it stands")]

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use cairn_dag::import::{CarImport, FileMeta, ImportOptions, Importer, Tree};
use cairn_primitives::{Block, Cid, Codec, Multihash, varint};
use cairn_store::BlockStore;
use cairn_store::block::MemoryStore;
use cairn_store::block::segments::{Options, SegmentStore};
use tokio::sync::mpsc;

const MIB: usize = 1 << 20;
/// What a connection gives at once.
const FRAME: usize = 64 << 10;
const RUNS: usize = 5;

/// Bytes that do not repeat.
fn noise(length: usize) -> Bytes {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let words = (0..length.div_ceil(8)).flat_map(|_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    });
    words.take(length).collect::<Vec<u8>>().into()
}

fn options(change: impl FnOnce(&mut ImportOptions)) -> ImportOptions {
    let mut request = ImportOptions::default();
    change(&mut request);
    request
}

/// Frames as they come from a connection: buffers of their own.
async fn frames(data: &Bytes, mut each: impl AsyncFnMut(Bytes)) {
    for frame in data.chunks(FRAME) {
        each(Bytes::copy_from_slice(frame)).await;
    }
}

async fn add(store: Arc<dyn BlockStore>, data: &Bytes, only_hash: bool, raw: bool) {
    let options = options(|r| {
        r.only_hash = only_hash;
        r.cid_version = raw.then_some(1);
    });
    let mut importer = Importer::new(store, options).unwrap();
    let mut file = importer.file(FileMeta::default()).unwrap();
    frames(data, async |frame| file.write(frame).await.unwrap()).await;
    file.finish().await.unwrap();
    importer.finish().await.unwrap();
}

async fn tree(store: Arc<dyn BlockStore>, files: &[Bytes]) {
    let (events, mut seen) = mpsc::channel(64);
    let drain = tokio::spawn(async move { while seen.recv().await.is_some() {} });
    let mut tree = Tree::new(Importer::new(store, options(|_| ())).unwrap(), events);
    tree.directory("d", FileMeta::default()).await.unwrap();
    for (index, data) in files.iter().enumerate() {
        let mut file = tree
            .file(&format!("d/file-{index:05}"), FileMeta::default())
            .await
            .unwrap();
        file.write(data.clone()).await.unwrap();
        file.finish().await.unwrap();
    }
    tree.finish().await.unwrap();
    drain.await.unwrap();
}

async fn car(store: Arc<dyn BlockStore>, archive: &Bytes) {
    let mut import = CarImport::new(store, false);
    frames(archive, async |frame| import.write(frame).await.unwrap()).await;
    import.finish().await.unwrap();
}

fn archive(data: &Bytes, block: usize) -> Bytes {
    let mut out = b"\x11\xa2\x65roots\x80\x67version\x01".to_vec();
    for chunk in data.chunks(block) {
        let cid = Cid::v1(Codec::RAW, Multihash::sha2_256(chunk));
        let block = Block::new(cid, Bytes::copy_from_slice(chunk));
        varint::encode(
            (block.cid.encoded_len() + block.data.len()) as u64,
            &mut out,
        );
        block.cid.write(&mut out);
        out.extend_from_slice(&block.data);
    }
    out.into()
}

struct Bench {
    runtime: tokio::runtime::Runtime,
    folder: PathBuf,
    filter: Option<String>,
    stores: usize,
}

impl Bench {
    /// Runs a case into new stores and tells the best and the middle.
    fn case(
        &mut self,
        name: &str,
        bytes: usize,
        disk: bool,
        run: impl AsyncFn(Arc<dyn BlockStore>),
    ) {
        if self
            .filter
            .as_ref()
            .is_some_and(|filter| !name.contains(filter.as_str()))
        {
            return;
        }
        let mut times: Vec<Duration> = Vec::new();
        for _ in 0..RUNS {
            let store: Arc<dyn BlockStore> = if disk {
                self.stores += 1;
                let path = self.folder.join(self.stores.to_string());
                SegmentStore::open(path, Options::default()).unwrap().0
            } else {
                Arc::new(MemoryStore::new())
            };
            let begun = Instant::now();
            self.runtime.block_on(run(Arc::clone(&store)));
            times.push(begun.elapsed());
            self.runtime.block_on(store.close()).unwrap();
        }
        times.sort_unstable();
        let rate = |time: Duration| bytes as f64 / MIB as f64 / time.as_secs_f64();
        let (best, middle) = (times[0], times[RUNS / 2]);
        println!(
            "{name:40} best {best:>9.1?} {:>6.0} MiB/s   middle {middle:>9.1?} {:>6.0} MiB/s",
            rate(best),
            rate(middle)
        );
    }
}

fn main() {
    let folder = std::env::var_os("CAIRN_BENCH_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
    let folder = folder.join(format!("cairn-bench-import-{}", std::process::id()));
    let filter = std::env::args()
        .skip(1)
        .find(|argument| !argument.starts_with("--"));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let mut bench = Bench {
        runtime,
        folder: folder.clone(),
        filter,
        stores: 0,
    };

    let large = noise(512 * MIB);
    let size = large.len();
    bench.case("hash 512 MiB", size, false, async |store| {
        add(store, &large, true, false).await;
    });
    bench.case("hash 512 MiB, raw leaves", size, false, async |store| {
        add(store, &large, true, true).await;
    });
    bench.case("add 512 MiB, memory", size, false, async |store| {
        add(store, &large, false, false).await;
    });
    bench.case("add 512 MiB, disk", size, true, async |store| {
        add(store, &large, false, false).await;
    });
    bench.case("add 512 MiB, disk, raw leaves", size, true, async |store| {
        add(store, &large, false, true).await;
    });

    let small: Vec<Bytes> = (0..5000)
        .map(|index: usize| large.slice(index * 10_000..).slice(..1024 + index % 7168))
        .collect();
    let size = small.iter().map(Bytes::len).sum();
    bench.case("tree of 5000 files, memory", size, false, async |store| {
        tree(store, &small).await;
    });
    bench.case("tree of 5000 files, disk", size, true, async |store| {
        tree(store, &small).await;
    });

    for (name, block) in [("256 KiB", 256 << 10), ("4 KiB", 4 << 10)] {
        let archive = archive(&large.slice(..256 * MIB), block);
        let size = archive.len();
        bench.case(
            &format!("car of 256 MiB in {name}, memory"),
            size,
            false,
            async |store| car(store, &archive).await,
        );
        bench.case(
            &format!("car of 256 MiB in {name}, disk"),
            size,
            true,
            async |store| car(store, &archive).await,
        );
    }
    drop(bench);
    drop(std::fs::remove_dir_all(folder));
}
