//! Blocks that come from peers.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use cairn_dag::fetch::MAX_IN_FLIGHT;
use cairn_dag::list::Lister;
use cairn_dag::refs::{Refs, RefsOptions};
use cairn_dag::{Blocks, FetchError, stat};
use cairn_primitives::{Cid, Codec, Multihash};
use cairn_store::BlockCollector as _;
use cairn_store::exchange::Hint;

use super::{cat, export};
use crate::exchange::Remote;
use crate::support::{BuiltNode, Dag, absent, counter};

const DELAY: Duration = Duration::from_millis(2);

/// Waits until something holds.
async fn until(mut holds: impl FnMut() -> bool) {
    while !holds() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// A file of so many leaves in nodes of so many, elsewhere.
fn file(leaves: usize, width: usize) -> (Dag, BuiltNode, Vec<u8>) {
    let there = Dag::new();
    let content = counter("remote", leaves * 500);
    let parts: Vec<BuiltNode> = content.chunks(500).map(|part| there.raw(part)).collect();
    let nodes: Vec<BuiltNode> = parts
        .chunks(width)
        .map(|parts| there.file(b"", parts))
        .collect();
    let file = there.file(b"", &nodes);
    (there, file, content)
}

#[tokio::test]
async fn absent_blocks_come_from_peers_and_stay() {
    let (there, file, content) = file(1000, 200);
    let remote = Remote::new(there.store, DELAY, true);
    let here = Dag::new();
    let blocks = Blocks::online(here.store.clone(), remote.clone())
        .with_hints(vec![Hint::Address("/ip4/127.0.0.1/tcp/4001".to_owned())]);
    assert_eq!(cat(&blocks, &file.cid).await.unwrap(), content);
    let most = remote.most();
    assert!((32..=MAX_IN_FLIGHT).contains(&most), "{most}");
    assert_eq!(remote.most_often(), 1);
    assert_eq!(here.store.stat().unwrap().blocks, 1006);
    let transfer = blocks.transfer().unwrap();
    assert_eq!((transfer.blocks(), transfer.in_flight()), (1006, 0));
    assert!(transfer.waiting_for().is_none());
    // One session, for the root, with the hints.
    let sessions = remote.sessions.lock().clone();
    assert_eq!(sessions.len(), 1);
    assert_eq!((&sessions[0].root, sessions[0].hints.len()), (&file.cid, 1));
    assert_eq!(cat(&blocks.local(), &file.cid).await.unwrap(), content);
    assert_eq!(export(&blocks, &file.cid).await.blocks.len(), 1006);
    assert_eq!(remote.most_often(), 1);
    let error = cat(&blocks, &absent()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("block {} was not found", absent())
    );
}

#[tokio::test]
async fn walks_ask_ahead_as_well() {
    let (there, file, _) = file(400, 100);
    let blocks = |remote: &Arc<Remote>| Blocks::online(Dag::new().store, remote.clone());
    let exported = Remote::new(there.store.clone(), DELAY, true);
    assert_eq!(
        export(&blocks(&exported), &file.cid).await.blocks.len(),
        405
    );
    let counted = Remote::new(there.store.clone(), DELAY, true);
    let stats = stat::dags(&blocks(&counted), std::slice::from_ref(&file.cid), |_| {})
        .await
        .unwrap();
    assert_eq!(stats.unique_blocks, 405);
    let listed = Remote::new(there.store.clone(), DELAY, true);
    let options = RefsOptions {
        unique: true,
        max_depth: None,
    };
    let mut refs = Refs::new(blocks(&listed), options);
    refs.start(file.cid.clone());
    let mut count = 0;
    while let Some(link) = refs.next().await {
        link.unwrap();
        count += 1;
    }
    assert_eq!(count, 404);
    for remote in [exported, counted, listed] {
        let most = remote.most();
        assert!((32..=MAX_IN_FLIGHT).contains(&most), "{most}");
        assert_eq!(remote.most_often(), 1);
    }
}

#[tokio::test]
async fn a_block_many_times_in_a_file_is_asked_for_once() {
    let there = Dag::new();
    let leaf = there.raw(&[0; 500]);
    let file = there.file(b"", &vec![leaf; 300]);
    let remote = Remote::new(there.store, DELAY, true);
    let blocks = Blocks::online(Dag::new().store, remote.clone());
    let both = tokio::join!(cat(&blocks, &file.cid), cat(&blocks, &file.cid));
    assert_eq!(both.0.unwrap(), vec![0; 150_000]);
    assert_eq!(both.1.unwrap(), vec![0; 150_000]);
    assert_eq!(remote.most_often(), 1);
}

#[tokio::test]
async fn dropping_cancels_and_the_bound_holds() {
    let (there, file, _) = file(2000, 1000);
    let remote = Remote::new(there.store, Duration::ZERO, false);
    let here = Dag::new();
    let blocks = Blocks::online(here.store.clone(), remote.clone());
    let reading = {
        let (blocks, cid) = (blocks.clone(), file.cid.clone());
        tokio::spawn(async move { cat(&blocks, &cid).await })
    };
    // The root and the first node, then the leaves wait.
    remote.gate.add_permits(2);
    until(|| remote.in_flight.load(Ordering::SeqCst) >= 32).await;
    assert!(blocks.transfer().unwrap().waiting_for().is_some());
    reading.abort();
    // The session lives on in the other clone; the wants do not.
    until(|| remote.in_flight.load(Ordering::SeqCst) == 0).await;
    assert!(remote.most() <= MAX_IN_FLIGHT);
    assert!(here.store.stat().unwrap().blocks <= 3);
    // And what was cancelled can be had later.
    remote.gate.add_permits(100_000);
    assert_eq!(cat(&blocks, &file.cid).await.unwrap().len(), 1_000_000);
}

#[tokio::test]
async fn wrong_and_unasked_bytes_are_not_stored() {
    let (there, file, content) = file(50, 50);
    let cid = |data: &[u8]| Cid::v1(Codec::RAW, Multihash::sha2_256(data));
    let gift = (cid(b"gift"), Bytes::from_static(b"gift"));
    let remote = Remote::sending(there.store, Duration::ZERO, true, Some(gift));
    remote.liar.store(true, Ordering::SeqCst);
    let here = Dag::new();
    let blocks = Blocks::online(here.store.clone(), remote.clone());
    // Another peer has it: the request does not notice.
    assert_eq!(cat(&blocks, &file.cid).await.unwrap(), content);
    assert_eq!(remote.refused.load(Ordering::SeqCst), 52);
    assert_eq!(here.store.stat().unwrap().blocks, 52);
    remote.only_liars.store(true, Ordering::SeqCst);
    let blocks = Blocks::online(Dag::new().store, remote.clone());
    assert!(
        cat(&blocks, &file.cid)
            .await
            .unwrap_err()
            .to_string()
            .contains("was not found")
    );
    assert_eq!(blocks.store().stat().unwrap().blocks, 0);
    remote.broken.store(true, Ordering::SeqCst);
    assert!(matches!(
        blocks.get(&file.cid).await,
        Err(FetchError::Exchange(_))
    ));
}

#[tokio::test(start_paused = true)]
async fn timeouts_count_from_the_last_block() {
    let (there, file, content) = file(10, 10);
    let remote = Remote::new(there.store, Duration::from_secs(7), true);
    let blocks = Blocks::online(Dag::new().store, remote.clone())
        .with_idle_timeout(Some(Duration::from_secs(10)));
    // 21 s as a whole.
    assert_eq!(cat(&blocks, &file.cid).await.unwrap(), content);
    let silent = Remote::new(Dag::new().store, Duration::ZERO, false);
    let blocks = Blocks::online(Dag::new().store, silent.clone())
        .with_idle_timeout(Some(Duration::from_secs(10)));
    let error = blocks.get(&file.cid).await.unwrap_err();
    assert!(matches!(error, FetchError::TimedOut { .. }), "{error}");
    until(|| silent.in_flight.load(Ordering::SeqCst) == 0).await;
}

#[tokio::test]
async fn hamts_of_peers_are_read_ahead() {
    let there = Dag::new();
    let root =
        there.hamt((0..300).map(|n| (format!("f{n}"), there.raw(format!("{n}").as_bytes()))));
    let remote = Remote::new(there.store, DELAY, true);
    let blocks = Blocks::online(Dag::new().store, remote.clone());
    let mut lister = Lister::open(&blocks, &root.cid, true).await.unwrap();
    let mut count = 0;
    while lister.next().await.unwrap().is_some() {
        count += 1;
    }
    assert_eq!(count, 300);
    assert!(remote.most() > 1);
}
