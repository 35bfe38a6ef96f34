//! A node in this process.

use std::sync::Arc;

use cairn_client::{InProcess, Kubo};
use cairn_http::kubo::Rpc;
use cairn_node::{InitOptions, Node, NodeOptions, Repo};
use tokio_util::sync::CancellationToken;

use super::HELLO;

#[tokio::test]
async fn a_program_may_embed_a_node() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("repository");
    let options = InitOptions {
        profile: Some("test".into()),
        empty_repo: true,
        ..InitOptions::default()
    };
    Repo::init(&path, &options).await.unwrap();
    let node = Arc::new(Node::open(&path, NodeOptions::default()).await.unwrap());
    let rpc = Rpc::in_process(Arc::clone(&node), CancellationToken::new());
    let kubo = Kubo::new(InProcess::new(cairn_http::kubo::router(Arc::new(rpc))));
    kubo.check_version().await.unwrap();
    assert_eq!(kubo.add_str("hello\n").await.unwrap().to_string(), HELLO);
    assert_eq!(kubo.cat(HELLO).to_string(99).await.unwrap(), "hello\n");
    let pins = kubo.pins().ls().r#type("recursive").await.unwrap();
    assert!(pins.get(&HELLO.parse().unwrap()).is_some());
    drop(kubo);
    node.shutdown().await.unwrap();
}
