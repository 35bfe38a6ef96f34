//! Composed routers, against servers that answer what tests want.

use cairn_primitives::{Cid, Codec, Multihash, PeerId};
use cairn_store::names::NameOptions;
use cairn_store::network::{NetworkError, QueryEvent, Records as _, Routing as _};
use tokio::net::TcpListener;

use super::*;
use crate::routing::delegated::tests::server;
use crate::routing::record::tests::record;
use crate::routing::{Behaviour, Settings, new};

const PEER: &str = "12D3KooWLQzUv2FHWGVPXTXSZpdHs7oHbXub2G5WC8Tx4NQhyd2d";

fn http(url: &str) -> Arc<Tree> {
    Arc::new(Tree::Http(url.to_owned()))
}

fn branch(url: &str, ignore_errors: bool) -> Branch {
    Branch {
        router: http(url),
        timeout: None,
        after: Duration::ZERO,
        ignore_errors,
    }
}

fn branches(routers: impl Into<Vec<Branch>>) -> Branches {
    Branches {
        routers: routers.into(),
        timeout: None,
    }
}

/// A router with this one for each method.
fn router(tree: Tree) -> (Behaviour, Router) {
    let tree = Arc::new(tree);
    let settings = Settings {
        custom: Some(Custom {
            provide: Arc::clone(&tree),
            find_providers: Arc::clone(&tree),
            find_peers: Arc::clone(&tree),
            get_ipns: Arc::clone(&tree),
            put_ipns: tree,
        }),
        ..Settings::default()
    };
    new(settings, libp2p::PeerId::random())
}

async fn provider_events(tree: Tree) -> Vec<Result<QueryEvent, NetworkError>> {
    let (_behaviour, router) = router(tree);
    let cid = Cid::v1(Codec::RAW, Multihash::sha2_256(b"x"));
    router.find_providers(&cid, 9).collect().await
}

/// A server that knows a provider.
async fn good() -> String {
    let body = format!(
        r#"{{"Providers":[{{"Schema":"peer","ID":"{PEER}","Addrs":["/ip4/192.0.2.1/tcp/1"]}}]}}"#
    );
    let (url, mut requests) = server(
        "200 OK\r\nContent-Type: application/json",
        body.into_bytes(),
    )
    .await;
    tokio::spawn(async move { while requests.recv().await.is_some() {} });
    url
}

/// A server that fails.
async fn bad() -> String {
    let (url, mut requests) = server("500 Internal Server Error", Vec::new()).await;
    tokio::spawn(async move { while requests.recv().await.is_some() {} });
    url
}

/// A server that never answers.
async fn silent() -> (String, TcpListener) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    (url, listener)
}

fn is_found(events: &[Result<QueryEvent, NetworkError>]) -> bool {
    let peer: PeerId = PEER.parse().unwrap();
    matches!(events, [Ok(event)] if event.responses[0].peer == peer)
}

#[tokio::test]
async fn providers_come_from_whoever_has_them() {
    let (good, bad) = (good().await, bad().await);
    for ignores in [true, false] {
        let routers = [branch(&bad, ignores), branch(&good, ignores)];
        let parallel = Tree::Parallel(branches(routers.clone()));
        assert!(is_found(&provider_events(parallel).await));
        let sequential = Tree::Sequential(branches(routers));
        assert!(is_found(&provider_events(sequential).await));
    }
    let events = provider_events(Tree::Parallel(branches([branch(&bad, false)]))).await;
    assert!(matches!(events[..], [Err(_)]), "{events:?}");
    let events = provider_events(Tree::Parallel(branches([branch(&bad, true)]))).await;
    assert!(events.is_empty(), "{events:?}");
}

#[tokio::test]
async fn a_value_is_asked_for_until_one_has_it() {
    let (name, value) = record(1, 1);
    let kind = "200 OK\r\nContent-Type: application/vnd.ipfs.ipns-record";
    let (has, mut asked) = server(kind, value.clone()).await;
    let (absent, _absent) = server("404 Not Found", Vec::new()).await;
    let (last, mut last_asked) = server(kind, value.clone()).await;
    let bad = bad().await;
    let get = async |tree| {
        let (_behaviour, router) = router(tree);
        router.get(&name, &NameOptions::default()).await
    };
    let sequence = Tree::Sequential(branches([
        branch(&bad, true),
        branch(&absent, false),
        branch(&has, false),
        branch(&last, false),
    ]));
    let found = get(sequence.clone()).await.unwrap();
    assert_eq!(found.as_deref(), Some(&value[..]));
    assert!(asked.recv().await.is_some());
    assert!(last_asked.try_recv().is_err());
    // The record of another key is none.
    let (of_another, mut another_asked) = server(kind, record(2, 1).1).await;
    let routers = [branch(&of_another, true), branch(&has, false)];
    let found = get(Tree::Sequential(branches(routers))).await.unwrap();
    assert_eq!(found.as_deref(), Some(&value[..]));
    assert!(another_asked.recv().await.is_some() && asked.recv().await.is_some());
    // A failure that counts ends it.
    let Tree::Sequential(mut failing) = sequence else {
        unreachable!()
    };
    failing.routers[0].ignore_errors = false;
    assert!(get(Tree::Sequential(failing)).await.is_err());

    // Values are stored at all of them.
    let (_behaviour, router) = router(Tree::Sequential(branches([
        branch(&has, false),
        branch(&last, false),
    ])));
    router.put(&name, &value.into()).await.unwrap();
    for asked in [&mut asked, &mut last_asked] {
        let request = asked.recv().await.unwrap();
        assert!(request.starts_with(b"PUT /routing/v1/ipns/"));
    }
}

#[tokio::test]
async fn a_record_is_stored_at_all_of_them_whatever_one_answers() {
    let (name, value) = record(1, 1);
    let (takes, mut asked) = server("200 OK", Vec::new()).await;
    let late = Branch {
        after: Duration::from_millis(300),
        ..branch(&takes, false)
    };
    let routers = [branch(&bad().await, false), late];
    let (_behaviour, router) = router(Tree::Parallel(branches(routers)));
    router.put(&name, &value.into()).await.unwrap();
    assert!(
        asked
            .recv()
            .await
            .unwrap()
            .starts_with(b"PUT /routing/v1/ipns/")
    );
}

#[tokio::test]
async fn who_does_not_answer_in_time_is_not_waited_for() {
    let good = good().await;
    let (silent, _listener) = silent().await;
    let slow = |ignore_errors| Branch {
        timeout: Some(Duration::from_millis(50)),
        ..branch(&silent, ignore_errors)
    };
    let sequential = Tree::Sequential(branches([slow(true), branch(&good, false)]));
    assert!(is_found(&provider_events(sequential).await));
    let late = Branch {
        after: Duration::from_millis(10),
        ..branch(&good, false)
    };
    let parallel = Tree::Parallel(branches([slow(false), late]));
    assert!(is_found(&provider_events(parallel).await));
    // The timeout counts from when it is asked.
    let later = Branch {
        after: Duration::from_millis(1_200),
        timeout: Some(Duration::from_secs(1)),
        ..branch(&good, false)
    };
    assert!(is_found(
        &provider_events(Tree::Parallel(branches([later]))).await
    ));
    let all_late = Tree::Parallel(Branches {
        timeout: Some(Duration::from_millis(50)),
        ..branches([branch(&silent, false)])
    });
    let events = provider_events(all_late).await;
    assert!(matches!(events[..], [Err(_)]), "{events:?}");
}

#[tokio::test]
async fn a_failure_that_counts_is_not_followed_by_a_wait() {
    let (silent, _listener) = silent().await;
    let (name, _) = record(1, 1);
    let routers = [branch(&bad().await, false), branch(&silent, false)];
    let (_behaviour, router) = router(Tree::Parallel(branches(routers)));
    let options = NameOptions::default();
    let found = tokio::time::timeout(Duration::from_secs(20), router.get(&name, &options)).await;
    assert!(found.expect("it ends with the failure").is_err());
}

#[tokio::test]
async fn only_the_dhts_that_are_named_run() {
    let (_behaviour, router) = router(Tree::Lan(DhtMode::Server));
    assert!(router.table("lan").is_some());
    assert!(router.table("wan").is_none());
}
