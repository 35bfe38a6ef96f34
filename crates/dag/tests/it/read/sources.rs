//! Blocks that come from elsewhere.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use cairn_dag::Blocks;
use cairn_dag::list::Lister;
use cairn_primitives::Cid;
use cairn_store::{BlockCollector as _, BlockReader as _};
use cairn_store::{BlockError, BlockSource};
use futures_util::future::BoxFuture;

use super::{cat, export};
use crate::support::{Dag, Made, absent, counter};

/// A source that has what another store has, and counts what is under way.
struct Remote {
    dag: Dag,
    running: AtomicUsize,
    most: AtomicUsize,
    lie: bool,
}

impl BlockSource for Remote {
    fn fetch<'a>(&'a self, cid: &'a Cid) -> BoxFuture<'a, Result<Option<Bytes>, BlockError>> {
        Box::pin(async move {
            self.most.fetch_max(
                self.running.fetch_add(1, Ordering::SeqCst) + 1,
                Ordering::SeqCst,
            );
            tokio::task::yield_now().await;
            self.running.fetch_sub(1, Ordering::SeqCst);
            if self.lie {
                Ok(Some(Bytes::from_static(b"lies")))
            } else {
                self.dag.store.get(cid.hash()).await
            }
        })
    }
}

fn remote(dag: Dag, lie: bool) -> Arc<Remote> {
    Arc::new(Remote {
        dag,
        running: AtomicUsize::new(0),
        most: AtomicUsize::new(0),
        lie,
    })
}

#[tokio::test]
async fn absent_blocks_come_from_the_source_and_stay() {
    let there = Dag::new();
    let content = counter("remote", 50_000);
    let parts: Vec<Made> = content.chunks(500).map(|part| there.raw(part)).collect();
    let file = there.file(b"", &parts);
    let source = remote(there, false);
    let here = Dag::new();
    let blocks = Blocks::online(here.store.clone(), source.clone());
    assert_eq!(cat(&blocks, &file.cid).await.unwrap(), content);
    let most = source.most.load(Ordering::SeqCst);
    assert!((2..=16).contains(&most), "{most}");
    assert_eq!(here.store.stat().unwrap().blocks, 101);
    assert_eq!(cat(&blocks.local(), &file.cid).await.unwrap(), content);
    assert_eq!(export(&blocks, &file.cid).await.blocks.len(), 101);
    let error = cat(&blocks, &absent()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("ipld: could not find {}", absent())
    );
    let liar = Blocks::online(Dag::new().store, remote(Dag::new(), true));
    assert!(
        cat(&liar, &absent())
            .await
            .unwrap_err()
            .to_string()
            .contains("different hash")
    );
}

#[tokio::test]
async fn hamts_of_the_source_are_read_ahead() {
    let there = Dag::new();
    let root =
        there.hamt((0..300).map(|n| (format!("f{n}"), there.raw(format!("{n}").as_bytes()))));
    let source = remote(there, false);
    let blocks = Blocks::online(Dag::new().store, source.clone());
    let mut lister = Lister::open(&blocks, &root.cid, true).await.unwrap();
    let mut count = 0;
    while lister.next().await.unwrap().is_some() {
        count += 1;
    }
    assert_eq!(count, 300);
    assert!(source.most.load(Ordering::SeqCst) > 1);
}
