//! Imports, held against what Kubo 0.42 answered.

mod archives;
mod attributes;
mod bounds;
mod files;
mod references;
mod shards;
mod trees;

use std::sync::Arc;

use bytes::Bytes;
use cairn_dag::import::{
    Added, FileMeta, ImportError, ImportOptions, ImportedTree, Importer, Tree,
};
use cairn_primitives::Multihash;
use cairn_store::BlockCollector as _;
use cairn_store::BlockStore;
use cairn_store::block::MemoryStore;
use tokio::sync::mpsc;

const HELLO: &[u8] = b"hello world\n";

/// Bytes that look random and depend on a seed: a counter, hashed.
fn noise(seed: &str, length: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(length + 32);
    let mut counter = 0;
    while bytes.len() < length {
        bytes.extend_from_slice(
            Multihash::sha2_256(format!("{seed}:{counter}").as_bytes()).digest(),
        );
        counter += 1;
    }
    bytes.truncate(length);
    bytes
}

fn request(change: impl FnOnce(&mut ImportOptions)) -> ImportOptions {
    let mut request = ImportOptions::default();
    change(&mut request);
    request
}

/// A part of a multipart body.
struct Part {
    path: String,
    meta: FileMeta,
    kind: PartKind,
}

enum PartKind {
    File(Vec<u8>),
    Directory,
    Symlink(&'static str),
}

fn file(path: &str, data: &[u8]) -> Part {
    Part {
        path: path.into(),
        meta: FileMeta::default(),
        kind: PartKind::File(data.to_vec()),
    }
}

fn dir(path: &str) -> Part {
    Part {
        path: path.into(),
        meta: FileMeta::default(),
        kind: PartKind::Directory,
    }
}

fn link(path: &str, target: &'static str) -> Part {
    Part {
        path: path.into(),
        meta: FileMeta::default(),
        kind: PartKind::Symlink(target),
    }
}

impl Part {
    fn meta(self, mode: u32, seconds: i64, nanos: Option<u32>) -> Self {
        Self {
            meta: FileMeta {
                mode,
                mtime: Some(cairn_primitives::unixfs::Mtime { seconds, nanos }),
            },
            ..self
        }
    }
}

async fn send(tree: &mut Tree, part: Part, frame: usize) -> Result<(), ImportError> {
    match part.kind {
        PartKind::Directory => tree.directory(&part.path, part.meta).await,
        PartKind::Symlink(target) => tree.symlink(&part.path, target, part.meta).await,
        PartKind::File(data) => {
            let mut file = tree.file(&part.path, part.meta).await?;
            let mut data = Bytes::from(data);
            while !data.is_empty() {
                file.write(data.split_to(data.len().min(frame))).await?;
            }
            file.finish().await
        }
    }
}

/// What an import of some parts gave: the events, and how it ended.
async fn import(
    store: &Arc<MemoryStore>,
    request: &ImportOptions,
    parts: Vec<Part>,
) -> (Vec<Added>, Result<ImportedTree, ImportError>) {
    let (events, mut seen) = mpsc::channel(1 << 14);
    let store: Arc<dyn BlockStore> = store.clone();
    let result = match Importer::new(store, request.clone()) {
        Err(error) => Err(error),
        Ok(importer) => {
            let mut tree = Tree::new(importer, events);
            let mut failed = None;
            for part in parts {
                if let Err(error) = send(&mut tree, part, 50_000).await {
                    failed = Some(error);
                    break;
                }
            }
            match failed {
                None => tree.finish().await,
                Some(error) => {
                    drop(tree);
                    Err(error)
                }
            }
        }
    };
    let mut all = Vec::new();
    while let Ok(event) = seen.try_recv() {
        all.push(event);
    }
    (all, result)
}

/// Events as lines of a CID, a size and a name.
fn told(events: &[Added]) -> Vec<String> {
    let line = |event: &Added| {
        let line = format!("{} {} {}", event.cid, event.size, event.name);
        line.trim_end().to_owned()
    };
    events.iter().map(line).collect()
}

/// The lines of a table as [`told`] has them.
fn table(lines: &str) -> Vec<&str> {
    lines.trim().lines().map(str::trim).collect()
}

/// Imports and holds events against what is expected; what is stored must be whole.
async fn expect(name: &str, request: ImportOptions, parts: Vec<Part>, expected: &str) {
    let store = Arc::new(MemoryStore::new());
    let (events, result) = import(&store, &request, parts).await;
    let finished = result.unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(told(&events), table(expected), "{name}");
    assert_eq!(finished.hold.is_none(), request.only_hash, "{name}");
    if request.only_hash {
        assert_eq!(store.stat().unwrap().blocks, 0, "{name}");
        return;
    }
    let roots: Vec<_> = finished
        .roots
        .iter()
        .map(|root| cairn_store::block::Root {
            cid: root.cid.clone(),
            recursive: true,
        })
        .collect();
    store
        .walk(&roots, &mut |cid, present| {
            assert!(present, "{name}: {cid} is missing");
            true
        })
        .unwrap();
    store
        .verify(&mut |_, whole| {
            assert!(whole.is_ok(), "{name}");
            true
        })
        .unwrap();
}

async fn refused(request: ImportOptions, parts: Vec<Part>) -> String {
    let (_, result) = import(&Arc::new(MemoryStore::new()), &request, parts).await;
    result
        .err()
        .map(|error| error.to_string())
        .unwrap_or_default()
}
