//! Resolving, listing and exporting.

mod cars;
mod downloads;
mod files;
mod lists;
mod paths;
mod sources;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use cairn_dag::export::{Car, Download, ExportError, FileReader, GetOptions};
use cairn_dag::list::Lister;
use cairn_dag::refs::{Refs, RefsOptions};
use cairn_dag::resolve::resolve;
use cairn_dag::{Blocks, stat};
use cairn_primitives::path::ContentPath;
use cairn_primitives::unixfs::Mtime;
use cairn_primitives::{Cid, varint};
use futures_util::TryStreamExt as _;

use crate::exchange::Remote;
use crate::support::{Dag, absent};

const NOW: Mtime = Mtime {
    seconds: 1_800_000_000,
    nanos: None,
};

/// Peers that have nothing.
fn nobody() -> Arc<Remote> {
    Remote::new(Dag::new().store, Duration::ZERO, true)
}

fn path(root: &Cid, rest: &str) -> ContentPath {
    ContentPath::parse(format!("/ipfs/{root}/{rest}")).unwrap()
}

async fn message(dag: &Dag, root: &Cid, rest: &str) -> String {
    resolve(&dag.blocks(), &path(root, rest))
        .await
        .unwrap_err()
        .to_string()
}

async fn cat(blocks: &Blocks, cid: &Cid) -> Result<Vec<u8>, ExportError> {
    let file = FileReader::open(blocks, cid).await?;
    Ok(file
        .into_stream()
        .try_collect::<Vec<Bytes>>()
        .await?
        .concat())
}

async fn get(
    dag: &Dag,
    cid: &Cid,
    name: &str,
    options: GetOptions,
) -> Result<(u64, Vec<u8>), ExportError> {
    let download = Download::open(&dag.blocks(), cid, name.as_bytes(), options, NOW).await?;
    let size = download.size();
    Ok((
        size,
        download
            .into_stream()
            .try_collect::<Vec<Bytes>>()
            .await?
            .concat(),
    ))
}

fn plain() -> GetOptions {
    GetOptions::new(false, false, None).unwrap()
}

struct CarBlocks {
    header: Vec<u8>,
    blocks: Vec<(Cid, Vec<u8>)>,
}

fn read_car(mut bytes: &[u8]) -> CarBlocks {
    let mut sections = Vec::new();
    while !bytes.is_empty() {
        let (length, used) = varint::decode(bytes).unwrap();
        let end = used + length as usize;
        sections.push(bytes[used..end].to_vec());
        bytes = &bytes[end..];
    }
    let header = sections.remove(0);
    let blocks = sections.into_iter().map(|section| {
        let (cid, used) = Cid::read(&section).unwrap();
        (cid, section[used..].to_vec())
    });
    CarBlocks {
        header,
        blocks: blocks.collect(),
    }
}

async fn export(blocks: &Blocks, root: &Cid) -> CarBlocks {
    let car = Car::open(blocks, root, false).await.unwrap();
    read_car(
        &car.into_stream()
            .try_collect::<Vec<Bytes>>()
            .await
            .unwrap()
            .concat(),
    )
}

#[tokio::test]
async fn deep_chains_exhaust_nothing() {
    const DEPTH: usize = 100_000;
    let dag = Dag::new();
    let root = dag.chain(DEPTH);
    assert_eq!(
        export(&dag.blocks(), &root.cid).await.blocks.len(),
        DEPTH + 1
    );
    assert_eq!(
        stat::dags(&dag.blocks(), std::slice::from_ref(&root.cid), |_| ())
            .await
            .unwrap()
            .unique_blocks as usize,
        DEPTH + 1
    );
    let mut refs = Refs::new(
        dag.blocks(),
        RefsOptions {
            unique: false,
            max_depth: None,
        },
    );
    refs.start(root.cid.clone());
    let mut count = 0;
    while let Some(found) = refs.next().await {
        found.unwrap();
        count += 1;
    }
    assert_eq!(count, DEPTH);
    let long = "n/".repeat(1000);
    assert_eq!(
        resolve(&dag.blocks(), &path(&root.cid, &long))
            .await
            .unwrap()
            .remainder
            .len(),
        0
    );
    // Files and directories, level in level.
    let mut file = dag.raw(b"x");
    for _ in 0..DEPTH {
        file.tree = 0;
        file = dag.file(b"", &[file]);
    }
    assert_eq!(cat(&dag.blocks(), &file.cid).await.unwrap(), b"x");
}

#[test]
fn reads_can_be_sent_to_other_threads() {
    fn send<T: Send>(_: T) {}
    let dag = Dag::new();
    let (blocks, cid) = (dag.blocks(), absent());
    send(cat(&blocks, &cid));
    send(Car::open(&blocks, &cid, false));
    send(Download::open(&blocks, &cid, b"x", plain(), NOW));
    send(Lister::open(&blocks, &cid, true));
    send(resolve(&blocks, &path(&cid, "x")));
    send(stat::dags(&blocks, &[], |_| ()));
}
