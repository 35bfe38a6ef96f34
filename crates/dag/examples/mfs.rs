//! Measures copies into one directory of the mutable file system, on a disk:
//! `cargo run --release -p cairn-dag --example mfs -- FOLDER COPIES AT_ONCE`. Shows the median and the 99th percentile of each
//! thousand, and those of the last thousand relative to the first; then lists the directory.
#![allow(clippy::unwrap_used, reason = "a measurement that cannot go on ends")]

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use cairn_dag::Blocks;
use cairn_dag::mfs::{CopyOptions, MakeOptions, Mfs, MfsPath, Settings};
use cairn_primitives::{Block, Cid, Codec, Multihash};
use cairn_store::BlockStore as _;
use cairn_store::block::{Options, SegmentStore};
use cairn_store::meta::{Rows as _, SqliteRows};
use cairn_store::{BlockCollector as _, BlockWriter as _};

#[tokio::main(worker_threads = 2)]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let folder = std::path::PathBuf::from(arguments.next().unwrap());
    let copies: u32 = arguments.next().unwrap().parse().unwrap();
    let at_once: u32 = arguments.next().unwrap().parse().unwrap();
    let (store, _) = SegmentStore::open(folder.join("blocks"), Options::default()).unwrap();
    let rows = SqliteRows::open(folder.join("rows.sqlite"), false).unwrap();
    rows.bind(&store.id()).await.unwrap();
    let hold = store.hold();
    let data = Bytes::from_static(b"a file");
    let cid = Cid::v1(Codec::RAW, Multihash::sha2_256(&data));
    store
        .put(&hold, vec![Block::new(cid.clone(), data)])
        .await
        .unwrap();
    let blocks = Blocks::offline(store.clone());
    let mfs = Mfs::open(blocks, rows, Settings::new().unwrap())
        .await
        .unwrap();
    let directory: MfsPath = "/directory".parse().unwrap();
    mfs.mkdir(&directory, &MakeOptions::default())
        .await
        .unwrap();
    let next = Arc::new(AtomicU32::new(0));
    let begun = Instant::now();
    let tasks: Vec<_> = (0..at_once)
        .map(|_| {
            let (mfs, next, directory) = (mfs.clone(), next.clone(), directory.clone());
            let from = format!("/ipfs/{cid}");
            tokio::spawn(async move {
                let mut took = Vec::new();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= copies {
                        return took;
                    }
                    let to = directory.join(format!("file {number:06}").as_bytes());
                    let begun = Instant::now();
                    mfs.cp(&from, &to, &CopyOptions::default()).await.unwrap();
                    took.push((number, begun.elapsed()));
                }
            })
        })
        .collect();
    let mut took = Vec::new();
    for task in tasks {
        took.extend(task.await.unwrap());
    }
    let all = begun.elapsed();
    took.sort_unstable();
    let mut each = Vec::new();
    for (thousand, times) in took.chunks(1_000).enumerate() {
        let mut times: Vec<Duration> = times.iter().map(|(_, time)| *time).collect();
        times.sort_unstable();
        let at = |part: usize| times[(times.len() - 1) * part / 100].as_secs_f64() * 1e3;
        println!(
            "{:>4} thousand: median {:>8.3} ms, p99 {:>8.3} ms, at most {:>8.3} ms",
            thousand + 1,
            at(50),
            at(99),
            at(100)
        );
        each.push((at(50), at(99)));
    }
    if let (Some(first), Some(last)) = (each.first(), each.last()) {
        println!(
            "the last thousand relative to the first: median {:.2}, p99 {:.2}",
            last.0 / first.0,
            last.1 / first.1
        );
    }
    println!(
        "{copies} copies, {at_once} at once: {:.1} s",
        all.as_secs_f64()
    );
    let begun = Instant::now();
    let mut listing = mfs.ls(&directory, true).await.unwrap();
    let mut listed = 0;
    let mut first = None;
    while listing.next().await.unwrap().is_some() {
        first.get_or_insert_with(|| begun.elapsed());
        listed += 1;
    }
    println!(
        "{listed} entries listed in {:.2} s, the first after {:.2} ms",
        begun.elapsed().as_secs_f64(),
        first.unwrap_or_default().as_secs_f64() * 1e3
    );
    println!("{:?}", store.stat().unwrap());
}
