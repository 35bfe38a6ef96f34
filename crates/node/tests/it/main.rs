//! Repositories and nodes on a real disk.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod collect;
mod node;
mod online;
mod repo;

use std::path::Path;

use cairn_node::{InitOptions, Initialized, Node, NodeOptions, Repo};

/// Makes a repository for tests: ports of the system's choice.
async fn init(path: &Path) -> Initialized {
    let options = InitOptions {
        profile: Some("test".into()),
        ..InitOptions::default()
    };
    Repo::init(path, &options).await.unwrap()
}

async fn open(path: &Path) -> Node {
    Node::open(path, NodeOptions::default()).await.unwrap()
}
