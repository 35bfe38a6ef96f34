//! Files of all layouts, changed.

use cairn_dag::mfs::{MfsError, Settings, WriteOptions};
use cairn_primitives::Version;
use cairn_primitives::unixfs::layout::{FileBuilder, FileLayout, LayoutParams, make_leaf};
use cairn_store::{BlockCollector as _, BlockWriter as _};

use super::{Fs, maker, path};
use crate::support::counter;

/// Puts a file of a layout into the store and names it in the tree.
async fn lay_out(fs: &Fs, shape: FileLayout, raw_leaves: bool, max_links: usize, bytes: &[u8]) {
    let params = LayoutParams {
        shape,
        max_links,
        ..LayoutParams::new(maker(Version::V1, "sha2-256"), raw_leaves)
    };
    let mut builder = FileBuilder::new(params.clone()).unwrap();
    let mut blocks = Vec::new();
    for chunk in bytes.chunks(100) {
        let leaf = make_leaf(&params, chunk.to_vec().into()).unwrap();
        builder.push(leaf, &mut |block| blocks.push(block)).unwrap();
    }
    let built = builder.finish(&mut |block| blocks.push(block)).unwrap();
    fs.dag.store.write_blocking(&fs.dag.hold, blocks).unwrap();
    fs.cp(&format!("/ipfs/{}", built.cid), "/f").await.unwrap();
}

#[tokio::test]
async fn files_of_every_layout_can_be_changed() {
    for shape in [FileLayout::Balanced, FileLayout::Trickle] {
        for raw_leaves in [false, true] {
            for max_links in [3, 174, 500] {
                let fs = Fs::new().await;
                let mut model = counter("file", 30_030);
                lay_out(&fs, shape, raw_leaves, max_links, &model).await;
                assert_eq!(fs.read("/f").await.unwrap(), model);
                for (at, length) in [(0, 1), (99, 2), (12_345, 700), (30_000, 30), (30_020, 400)] {
                    let bytes = counter("over", length);
                    fs.write_at("/f", at as u64, &bytes).await.unwrap();
                    model.resize(model.len().max(at + length), 0);
                    model[at..at + length].copy_from_slice(&bytes);
                    assert_eq!(fs.read("/f").await.unwrap(), model, "{shape:?} {max_links}");
                    assert_eq!(fs.stat("/f").await.unwrap().size, model.len() as u64);
                }
                fs.write_at("/f", 40_000, b"end").await.unwrap();
                model.resize(40_000, 0);
                model.extend_from_slice(b"end");
                assert_eq!(fs.read("/f").await.unwrap(), model);
            }
        }
    }
}

#[tokio::test]
async fn overwriting_keeps_the_tree() {
    let fs = Fs::new().await;
    let bytes = counter("file", 3_000);
    lay_out(&fs, FileLayout::Balanced, true, 3, &bytes).await;
    let before = fs.cid("/f").await;
    fs.write_at("/f", 1_234, &[7; 500]).await.unwrap();
    assert_ne!(fs.cid("/f").await, before);
    fs.write_at("/f", 1_234, &bytes[1_234..1_734])
        .await
        .unwrap();
    assert_eq!(fs.cid("/f").await, before);
}

#[tokio::test]
async fn bytes_that_stand_in_a_node_with_links_are_written_over_as_well() {
    let fs = Fs::new().await;
    let small = fs.dag.file(b"hello", &[]);
    fs.cp(&format!("/ipfs/{}", small.cid), "/f").await.unwrap();
    fs.write_at("/f", 5, b" world").await.unwrap();
    fs.write_at("/f", 3, b"LOW").await.unwrap();
    assert_eq!(fs.read("/f").await.unwrap(), b"helLOWworld");
    let truncate = WriteOptions {
        truncate: true,
        ..WriteOptions::default()
    };
    fs.write("/f", truncate, b"new").await.unwrap();
    assert_eq!(fs.read("/f").await.unwrap(), b"new");
}

#[tokio::test]
async fn a_file_that_was_one_raw_leaf_grows_and_is_emptied() {
    let mut settings = Settings::new().unwrap();
    settings.format.cid = maker(Version::V1, "sha2-256");
    let fs = Fs::with(settings).await;
    fs.create("/f", b"raw").await.unwrap();
    assert!(fs.cid("/f").await.starts_with("bafk"));
    fs.write_at("/f", 3, b" and more").await.unwrap();
    assert_eq!(fs.stat("/f").await.unwrap().blocks, 2);
    fs.mfs.chmod(&path("/f"), 0o600).await.unwrap();
    let truncate = WriteOptions {
        truncate: true,
        ..WriteOptions::default()
    };
    fs.write("/f", truncate, b"again").await.unwrap();
    assert_eq!(fs.read("/f").await.unwrap(), b"again");
    assert_eq!(fs.stat("/f").await.unwrap().mode, Some(0o600));
}

#[tokio::test]
async fn a_gap_costs_little_however_long_it_is() {
    let fs = Fs::new().await;
    fs.create("/f", b"begin").await.unwrap();
    let before = fs.dag.store.stat().unwrap().blocks;
    let far = 1 << 50;
    fs.write_at("/f", far, b"end").await.unwrap();
    assert!(fs.dag.store.stat().unwrap().blocks - before < 500);
    assert_eq!(fs.stat("/f").await.unwrap().size, far + 3);
    assert_eq!(
        fs.read_range("/f", far - 2, None).await.unwrap(),
        b"\0\0end"
    );
    assert_eq!(fs.read_range("/f", 3, Some(4)).await.unwrap(), b"in\0\0");
    let too_far = fs.write_at("/f", i64::MAX as u64, b"more").await;
    assert!(matches!(too_far, Err(MfsError::FileTooLong)));
    assert_eq!(fs.stat("/f").await.unwrap().size, far + 3);
}

#[tokio::test]
async fn a_write_that_breaks_off_changes_nothing() {
    use futures_util::StreamExt as _;
    let fs = Fs::new().await;
    fs.create("/f", b"as it was").await.unwrap();
    let tree = fs.mfs.tree();
    let broken = || {
        let pieces: Vec<Result<_, Box<dyn std::error::Error + Send + Sync>>> = vec![
            Ok(bytes::Bytes::from_static(b"half")),
            Err("the connection was reset".into()),
        ];
        futures_util::stream::iter(pieces).boxed()
    };
    let options = WriteOptions {
        create: true,
        ..WriteOptions::default()
    };
    for at in ["/f", "/new"] {
        let failed = fs.mfs.write(&path(at), &options, broken()).await;
        assert!(matches!(failed, Err(MfsError::Body(_))));
    }
    assert_eq!(fs.mfs.tree(), tree);
}

#[tokio::test]
async fn changes_without_a_flush_are_bounded_and_seen() {
    let fs = Fs::new().await;
    fs.mfs.flush(&path("/")).await.unwrap();
    let named = fs.named();
    let lazy = || WriteOptions {
        create: true,
        flush: false,
        ..WriteOptions::default()
    };
    for number in 0..256 {
        fs.write(&format!("/{number}"), lazy(), b"x").await.unwrap();
    }
    assert_eq!(fs.read("/255").await.unwrap(), b"x");
    assert_eq!(fs.named(), named);
    let refused = fs.write("/more", lazy(), b"x").await;
    assert!(matches!(
        refused,
        Err(MfsError::TooManyUnflushed { limit: 256 })
    ));
    fs.mfs.flush(&path("/")).await.unwrap();
    assert_eq!(fs.named(), Some(fs.mfs.tree()));
    fs.write("/more", lazy(), b"x").await.unwrap();
}

#[tokio::test]
async fn moves_that_make_no_sense_are_refused() {
    let fs = Fs::new().await;
    fs.mkdir_all("/a/b").await.unwrap();
    fs.mkdir_all("/c/b").await.unwrap();
    fs.create("/a/b/f", b"1").await.unwrap();
    for to in ["/a/b/c", "/a", "/a/b"] {
        let moved = fs.mv("/a", to).await;
        assert!(matches!(moved, Err(MfsError::IntoItself { .. })), "{to}");
    }
    fs.mv("/a/b/f", "/a/b/f").await.unwrap();
    // The directories have the same name, and are not the same.
    fs.mv("/a/b/f", "/c/b/f").await.unwrap();
    assert_eq!(fs.names("/a/b").await, Vec::<String>::new());
    assert_eq!(fs.read("/c/b/f").await.unwrap(), b"1");
    assert!(
        matches!(fs.read("/c/b/f/g").await, Err(MfsError::NotDirectory { path }) if path == "/c/b/f/g")
    );
    assert!(matches!(
        fs.mkdir_all("/c/b/f/g").await,
        Err(MfsError::NotADirectory { .. })
    ));
    assert!(matches!(
        fs.mkdir_all("/c/b/f").await,
        Err(MfsError::AlreadyExists { .. })
    ));
}
