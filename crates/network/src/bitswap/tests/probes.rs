//! Questions to one peer.

use cairn_primitives::PeerId;
use cairn_store::network::{BlockExchange as _, NetworkError};
use cairn_store::{Exchange as _, SessionRequest};

use super::support::{Node, blocks, cids, fetch, soon, until};
use crate::bitswap::Settings;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_peer_tells_what_it_has() {
    let (a, b) = Node::pair().await;
    // Of small blocks a peer sends the bytes in place of the answer.
    for size in [100, 100_000] {
        let made = blocks(2, size, 1);
        let [held, absent] = &made[..] else {
            panic!("two blocks");
        };
        a.put(&made[..1]).await;
        let peer = PeerId::from(a.id);
        let before = b.bitswap.has(&peer, &held.cid).await;
        if size == 100 {
            assert!(matches!(before, Err(NetworkError::NotConnected)));
            b.connect(&a).await;
        }
        for _ in 0..2 {
            assert!(soon(b.bitswap.has(&peer, &held.cid)).await.unwrap());
            assert!(!soon(b.bitswap.has(&peer, &absent.cid)).await.unwrap());
        }
        // A question leaves nothing behind, and does not disturb a session.
        until(|| {
            a.bitswap
                .wants_of(&b.id.into())
                .is_none_or(|wants| wants.is_empty())
        })
        .await;
        let session = b.bitswap.session(SessionRequest::new(held.cid.clone()));
        let wanted = cids(&made[..1]);
        let asked = b.bitswap.has(&peer, &held.cid);
        let (fetched, has) = tokio::join!(fetch(&session, &wanted, |_| {}), soon(asked));
        assert_eq!(fetched.len(), 1);
        assert!(has.unwrap());
    }
    assert_eq!(b.bitswap.wrong_blocks(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_ends_with_the_peer() {
    let silent = Settings {
        protocols: Vec::new(),
        ..Settings::default()
    };
    let (a, b, mute) = (
        Node::new(Settings::default()).await,
        Node::new(Settings::default()).await,
        Node::new(silent).await,
    );
    let cid = blocks(1, 100, 1).remove(0).cid;
    b.connect(&a).await;
    // A question is withdrawn when nobody waits for its answer.
    let dropped = b.bitswap.has(&a.id.into(), &cid);
    assert!(futures_util::FutureExt::now_or_never(dropped).is_none());
    assert!(!soon(b.bitswap.has(&a.id.into(), &cid)).await.unwrap());
    // A peer that does not exchange blocks.
    b.connect(&mute).await;
    let asked = soon(b.bitswap.has(&mute.id.into(), &cid)).await;
    assert!(matches!(asked, Err(NetworkError::NotConnected)));
}
