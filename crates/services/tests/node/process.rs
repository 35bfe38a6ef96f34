//! Opens a node and its shared rows.

use std::path::Path;
use std::sync::Arc;

use cairn_node::{InitOptions, Node, NodeOptions, Repo};
use cairn_store::shared::{DatabaseUrl, SharedRows};
use tempfile::TempDir;

/// A node on a new repository in a folder of its own.
pub(crate) async fn open_node() -> (Arc<Node>, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let options = InitOptions {
        profile: Some("test".into()),
        ..InitOptions::default()
    };
    Repo::init(folder.path(), &options).await.unwrap();
    let node = Node::open(folder.path(), NodeOptions::default()).await;
    (Arc::new(node.unwrap()), folder)
}

/// The rows in a file.
pub(crate) async fn open_rows(folder: &Path, file: &str) -> Arc<dyn SharedRows> {
    let url: DatabaseUrl = format!("sqlite:{file}").parse().unwrap();
    cairn_store::shared::open(&url, folder).await.unwrap()
}
