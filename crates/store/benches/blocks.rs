//! Puts, bulk writes, reads and marking. `examples/measure.rs` has the figures that need a million blocks.

#![allow(clippy::expect_used)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use cairn_primitives::Block;
use cairn_store::block::conformance::{FixedRoots, made_up, node, parent, raw, wait};
use cairn_store::block::{
    BlockCollector as _, BlockReader as _, BlockWriter as _, Options, Root, SegmentStore,
};
use criterion::{Criterion, Throughput};

fn store(dir: &tempfile::TempDir) -> Arc<SegmentStore> {
    SegmentStore::open(dir.path(), Options::default())
        .expect("open")
        .0
}

fn put(criterion: &mut Criterion) {
    let dir = tempfile::tempdir_in(".").expect("directory");
    let store = store(&dir);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .build()
        .expect("runtime");
    let data = Bytes::from(vec![1; 512]);
    let mut number = 0u64;
    let mut group = criterion.benchmark_group("put");
    for clients in [1u64, 32] {
        group.throughput(Throughput::Elements(1));
        group.bench_function(format!("{clients} clients"), |bencher| {
            bencher.iter_custom(|count| {
                let share = count.div_ceil(clients);
                let base = number;
                number += share * clients;
                let begin = Instant::now();
                runtime.block_on(async {
                    let tasks: Vec<_> = (0..clients)
                        .map(|client| {
                            let (store, data) = (Arc::clone(&store), data.clone());
                            tokio::spawn(async move {
                                for at in 0..share {
                                    let hold = store.hold();
                                    store
                                        .put(
                                            &hold,
                                            vec![made_up(base + client * share + at, data.clone())],
                                        )
                                        .await
                                        .expect("put");
                                }
                            })
                        })
                        .collect();
                    for task in tasks {
                        task.await.expect("task");
                    }
                });
                begin.elapsed()
            });
        });
    }
    group.finish();
}

fn bulk(criterion: &mut Criterion) {
    let dir = tempfile::tempdir_in(".").expect("directory");
    let store = store(&dir);
    let data = Bytes::from(vec![1; 256 << 10]);
    let mut number = 1u64 << 40;
    let mut group = criterion.benchmark_group("bulk");
    group
        .sample_size(10)
        .throughput(Throughput::Bytes(128 << 20));
    group.bench_function("write 128 MiB", |bencher| {
        bencher.iter(|| {
            let hold = store.hold();
            for _ in 0..64 {
                let blocks = (0..8)
                    .map(|at| made_up(number + at, data.clone()))
                    .collect();
                number += 8;
                store.write_blocking(&hold, blocks).expect("write");
            }
            wait(store.sync()).expect("sync");
        });
    });
    group.finish();
}

/// Writes of what is there: its stored bytes are compared.
fn again(criterion: &mut Criterion) {
    let dir = tempfile::tempdir_in(".").expect("directory");
    let store = store(&dir);
    for size in [1usize << 10, 256 << 10] {
        let bytes = 32 << 20;
        let blocks: Vec<Block> = (0..bytes / size)
            .map(|number| made_up((size as u64) << 32 | number as u64, vec![3; size].into()))
            .collect();
        wait(store.put(&store.hold(), blocks.clone())).expect("put");
        let mut group = criterion.benchmark_group("again");
        group
            .sample_size(10)
            .throughput(Throughput::Bytes(bytes as u64));
        group.bench_function(format!("32 MiB of {size} bytes"), |bencher| {
            bencher.iter(|| {
                let hold = store.hold();
                for batch in blocks.chunks((1 << 20) / size) {
                    store.write_blocking(&hold, batch.to_vec()).expect("write");
                }
                wait(store.sync()).expect("sync");
            });
        });
        group.finish();
    }
}

fn get(criterion: &mut Criterion) {
    let dir = tempfile::tempdir_in(".").expect("directory");
    let store = store(&dir);
    for size in [512usize, 256 << 10] {
        let data = Bytes::from(vec![2; size]);
        let blocks: Vec<Block> = (0..64)
            .map(|number| made_up((size as u64) << 32 | number, data.clone()))
            .collect();
        wait(store.put(&store.hold(), blocks.clone())).expect("put");
        let mut at = 0;
        let mut group = criterion.benchmark_group("get");
        group.throughput(Throughput::Bytes(size as u64));
        group.bench_function(format!("{size} bytes"), |bencher| {
            bencher.iter(|| {
                at = (at + 1) % blocks.len();
                store.get_blocking(blocks[at].cid.hash()).expect("get")
            });
        });
        group.finish();
    }
}

fn mark(criterion: &mut Criterion) {
    let dir = tempfile::tempdir_in(".").expect("directory");
    let store = store(&dir);
    let hold = store.hold();
    let mut trunk = Vec::new();
    for inner in 0..600u32 {
        let leaves: Vec<Block> = (0..174u32)
            .map(|leaf| raw(&(inner * 174 + leaf).to_le_bytes()))
            .collect();
        let inner = parent(&leaves);
        trunk.push(inner.cid.clone());
        store.write_blocking(&hold, leaves).expect("write");
        store.write_blocking(&hold, vec![inner]).expect("write");
    }
    let root = node(&trunk, b"");
    wait(store.put(&hold, vec![root.clone()])).expect("put");
    let roots = vec![Root {
        cid: root.cid,
        recursive: true,
    }];
    let mut group = criterion.benchmark_group("collect");
    group
        .sample_size(10)
        .throughput(Throughput::Elements(600 * 175 + 1));
    group.bench_function("100 000 blocks, all kept", |bencher| {
        bencher.iter(|| {
            store
                .collect(&mut FixedRoots {
                    roots: roots.clone(),
                    removed: Vec::new(),
                })
                .expect("collect")
        });
    });
    group.finish();
}

fn main() {
    let mut criterion = Criterion::default()
        .measurement_time(Duration::from_secs(3))
        .warm_up_time(Duration::from_secs(1))
        .configure_from_args();
    put(&mut criterion);
    bulk(&mut criterion);
    again(&mut criterion);
    get(&mut criterion);
    mark(&mut criterion);
    criterion.final_summary();
}
