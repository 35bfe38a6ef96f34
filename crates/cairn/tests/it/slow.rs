//! A node whose store is slow: requests that wait for blocks keep nobody else waiting.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use cairn_http::Rpc;
use cairn_node::{InitOptions, Node, NodeOptions, Repo};
use cairn_primitives::{Block, Cid, Codec, Multihash};
use cairn_store::block::conformance::Slow;
use tokio_util::sync::CancellationToken;

const READERS: u32 = 100;

/// Longer than the test takes: a read that is under way stays so.
const NEVER: Duration = Duration::from_secs(3600);

fn block(number: u32) -> Block {
    let data = number.to_le_bytes().to_vec();
    let cid = Cid::v1(Codec::RAW, Multihash::sha2_256(&data));
    Block::new(cid, data.into())
}

async fn read(answer: axum::response::Response) -> (StatusCode, Vec<u8>) {
    let (head, body) = answer.into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap();
    (head.status, body.to_vec())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn probes_answer_while_reads_wait() {
    let folder = tempfile::tempdir().unwrap();
    let options = InitOptions {
        profile: Some("test".into()),
        empty_repo: true,
        ..InitOptions::default()
    };
    Repo::init(folder.path(), &options).await.unwrap();
    let mut slow = None;
    let node = Node::open_with(folder.path(), NodeOptions::default(), |store| {
        let over = Slow::new(store, Duration::ZERO);
        slow = Some(over.clone());
        Arc::new(over)
    });
    let node = Arc::new(node.await.unwrap());
    let slow = slow.unwrap();
    let hold = node.store().hold();
    let blocks: Vec<Block> = (0..READERS).map(block).collect();
    node.store().put(&hold, blocks.clone()).await.unwrap();
    let rpc = Rpc::in_process(Arc::clone(&node), CancellationToken::new());
    let rpc = cairn_http::kubo::service(Arc::new(rpc));
    let post = |command: &str, cid: &Cid| {
        let target = format!("/api/v0/{command}?arg={cid}");
        rpc.call(Request::post(target).body(Body::empty()).unwrap())
    };

    // The store of a node that is slow still answers, and in order.
    slow.set_delay(Duration::from_millis(5));
    let (status, data) = read(post("block/get", &blocks[7].cid).await).await;
    assert_eq!((status, &data[..]), (StatusCode::OK, &blocks[7].data[..]));

    slow.set_delay(NEVER);
    let commands = ["block/get", "cat", "block/stat", "refs"];
    let waiting: Vec<_> = blocks
        .iter()
        .zip(commands.iter().cycle())
        .map(|(block, command)| {
            let answer = post(command, &block.cid);
            tokio::spawn(async move { read(answer.await).await })
        })
        .collect();
    while slow.in_flight() < blocks.len() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    for probe in ["/livez", "/readyz"] {
        let answer = rpc.call(Request::get(probe).body(Body::empty()).unwrap());
        let (status, text) = read(answer.await).await;
        assert_eq!((status, &text[..]), (StatusCode::OK, &b"ok\n"[..]));
    }
    assert_eq!(slow.in_flight(), blocks.len());

    // Whoever gives up takes its read along.
    for reader in &waiting {
        reader.abort();
    }
    while slow.in_flight() > 0 {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}
