//! Measures the block store in a directory: `measure DIR`. Durable puts with 1 and 32 clients, bulk writing, reads, opening
//! with a million blocks, and a collection of half of them beside a writer.

#![allow(clippy::expect_used)]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use cairn_primitives::Block;
use cairn_store::block::conformance::{FixedRoots, made_up, node, parent, raw, wait};
use cairn_store::block::{
    BlockCollector as _, BlockReader as _, BlockWriter as _, Options, Root, SegmentStore,
};

fn open(path: &Path) -> Arc<SegmentStore> {
    let begin = Instant::now();
    let (store, report) = SegmentStore::open(path, Options::default()).expect("open");
    println!("  opened in {:?}: {report:?}", begin.elapsed());
    store
}

fn block(number: u64, size: usize) -> Block {
    let mut data = vec![(number % 251) as u8; size];
    data[..8].copy_from_slice(&number.to_le_bytes());
    made_up(number, Bytes::from(data))
}

fn clients(store: &Arc<SegmentStore>, clients: u64, base: u64, size: usize) -> f64 {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .build()
        .expect("runtime");
    let begin = Instant::now();
    let span = Duration::from_secs(3);
    let total: u64 = runtime.block_on(async {
        let tasks: Vec<_> = (0..clients)
            .map(|client| {
                let store = Arc::clone(store);
                tokio::spawn(async move {
                    let mut done = 0u64;
                    while begin.elapsed() < span {
                        let hold = store.hold();
                        store
                            .put(&hold, vec![block(base + client * 10_000_000 + done, size)])
                            .await
                            .expect("put");
                        done += 1;
                    }
                    done
                })
            })
            .collect();
        let mut total = 0;
        for task in tasks {
            total += task.await.expect("task");
        }
        total
    });
    total as f64 / begin.elapsed().as_secs_f64()
}

fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .filter(|line| line.starts_with("VmHWM") || line.starts_with("VmRSS"))
        .collect::<Vec<_>>()
        .join(" ")
}

fn disk(path: &Path) -> u64 {
    let of = |dir: PathBuf| -> u64 {
        let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
        entries
            .filter_map(|entry| entry.metadata().ok())
            .filter(std::fs::Metadata::is_file)
            .map(|data| data.len())
            .sum()
    };
    of(path.to_owned()) + of(path.join("segments"))
}

fn main() {
    let base = PathBuf::from(
        std::env::args()
            .nth(1)
            .unwrap_or_else(|| "measure-store".to_owned()),
    );
    let small = base.join("small");
    let store = open(&small);
    println!("put, 1 client: {:.0}/s", clients(&store, 1, 1 << 40, 512));
    println!(
        "put, 32 clients: {:.0}/s",
        clients(&store, 32, 1 << 41, 512)
    );
    for turn in 0..3u64 {
        let data = Bytes::from(vec![7u8; 256 << 10]);
        let blocks: Vec<Block> = (0..4096)
            .map(|number| made_up((1 << 42) + turn * 10_000 + number, data.clone()))
            .collect();
        let begin = Instant::now();
        let hold = store.hold();
        for part in blocks.chunks(8) {
            store.write_blocking(&hold, part.to_vec()).expect("write");
        }
        wait(store.sync()).expect("sync");
        let took = begin.elapsed();
        println!(
            "bulk write of 1 GiB: {:.0} MiB/s",
            1024.0 / took.as_secs_f64()
        );
        let begin = Instant::now();
        for block in &blocks {
            assert!(store.get_blocking(block.cid.hash()).expect("get").is_some());
        }
        println!(
            "read of 1 GiB: {:.0} MiB/s",
            1024.0 / begin.elapsed().as_secs_f64()
        );
    }
    drop(store);

    let million = base.join("million");
    let store = open(&million);
    let begin = Instant::now();
    let hold = store.hold();
    // Pairs of trees in turn, so that the dead lie between the living.
    let mut roots = Vec::new();
    let mut number = 0u64;
    while number < 1_000_000 {
        let mut trunk = Vec::new();
        for _ in 0..20 {
            let leaves: Vec<Block> = (0..174)
                .map(|_| {
                    number += 1;
                    let mut data = vec![0; 1024];
                    data[..8].copy_from_slice(&number.to_le_bytes());
                    raw(&data)
                })
                .collect();
            let inner = parent(&leaves);
            trunk.push(inner.cid.clone());
            store.write_blocking(&hold, leaves).expect("write");
            store.write_blocking(&hold, vec![inner]).expect("write");
        }
        let root = node(&trunk, b"");
        roots.push(root.cid.clone());
        store.write_blocking(&hold, vec![root]).expect("write");
    }
    wait(store.sync()).expect("sync");
    drop(hold);
    println!(
        "{number} blocks of 1 KiB written in {:?}; {}",
        begin.elapsed(),
        memory()
    );
    drop(store);
    let store = open(&million);
    println!("  {:?}; {}", store.stat(), memory());
    let all: Vec<Root> = roots
        .iter()
        .map(|cid| Root {
            cid: cid.clone(),
            recursive: true,
        })
        .collect();
    for turn in 0..3 {
        let begin = Instant::now();
        store
            .collect(&mut FixedRoots {
                roots: all.clone(),
                removed: Vec::new(),
            })
            .expect("collect");
        println!(
            "collection that keeps all, turn {turn}: {:?}",
            begin.elapsed()
        );
    }
    let stop = Arc::new(AtomicBool::new(false));
    let writer = {
        let (store, stop) = (Arc::clone(&store), Arc::clone(&stop));
        std::thread::spawn(move || {
            let mut took = Vec::new();
            let mut number = 1u64 << 43;
            while !stop.load(Ordering::Relaxed) {
                let begin = Instant::now();
                let hold = store.hold();
                wait(store.put(&hold, vec![block(number, 1024)])).expect("put");
                number += 1;
                took.push(begin.elapsed());
                std::thread::sleep(Duration::from_millis(1));
            }
            took.sort_unstable();
            took
        })
    };
    let half: Vec<Root> = all.iter().step_by(2).cloned().collect();
    let begin = Instant::now();
    let done = store
        .collect(&mut FixedRoots {
            roots: half,
            removed: Vec::new(),
        })
        .expect("collect");
    println!("collection of half: {:?}: {done:?}", begin.elapsed());
    stop.store(true, Ordering::Relaxed);
    let took = writer.join().expect("writer");
    let at = |share: usize| took[(took.len() - 1) * share / 1000];
    println!(
        "puts meanwhile: {}; p50 {:?}, p99 {:?}, p99.9 {:?}, longest {:?}",
        took.len(),
        at(500),
        at(990),
        at(999),
        at(1000)
    );
    let stat = store.stat().expect("stat");
    drop(store);
    println!(
        "{stat:?}; {} bytes on disk, {:.2} of what lives; {}",
        disk(&million),
        disk(&million) as f64 / stat.live_bytes as f64,
        memory()
    );
    let store = open(&million);
    let mut damaged = 0;
    store
        .verify(&mut |_, whole| {
            damaged += u32::from(whole.is_err());
            true
        })
        .expect("verify");
    println!("{damaged} blocks damaged (those put beside the collection have made-up names)");
}
