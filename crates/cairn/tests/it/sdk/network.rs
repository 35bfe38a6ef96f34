//! Objects, and the commands that need peers, against a daemon that has none.

use std::time::Duration;

use cairn_client::groups::objects::DifferenceKind;
use cairn_client::{Error, ErrorKind};

use super::Server;

/// A peer that does not exist.
const PEER: &str = "12D3KooWEqnTdgqHnkkwarSrJjeMP2ZJiADWLYADaNvUb6SQNyPF";

/// A call succeeds, or fails because the daemon is offline.
fn offline<T>(result: Result<T, Error>) -> Option<T> {
    result
        .map_err(|error| {
            assert!(
                error.kind().is_response() || error.kind() == ErrorKind::Status,
                "{error:?}"
            );
        })
        .ok()
}

#[tokio::test]
async fn objects() {
    let server = Server::start().await;
    let objects = server.kubo.objects();
    let empty = objects.new_object().await.unwrap();
    assert_eq!(
        empty.to_string(),
        "QmdfTbBqBPQ7VNxZEYEj14VmRuZBkqFbiwReogJgS1zR1n"
    );
    let directory = objects.new_from("unixfs-dir").await.unwrap();
    let data = objects.data(&directory).to_vec(99).await.unwrap();
    assert_eq!(data, b"\x08\x01");
    let appended = objects.patch_append_data(&empty, b"bla").await.unwrap();
    assert_eq!(objects.data(&appended).to_vec(99).await.unwrap(), b"bla");
    let set = objects
        .patch_set_data(&empty, b"\xff\x00\xe9".to_vec())
        .await
        .unwrap();
    assert_eq!(objects.get(&set).await.unwrap().data, b"\xff\x00\xe9");
    let linked = objects
        .patch_add_link(&directory, "Johnny", &appended)
        .await
        .unwrap();
    let node = objects.get(&linked).await.unwrap();
    assert_eq!(
        (node.links[0].name.as_str(), &node.links[0].cid),
        ("Johnny", &appended)
    );
    assert_eq!(objects.links(&linked).await.unwrap(), node.links);
    let stat = objects.stat(&linked).await.unwrap();
    assert_eq!((stat.links, stat.data_size), (1, 2));
    let changes = objects.diff(&directory, &linked).await.unwrap();
    assert_eq!(changes[0].path, "Johnny");
    assert!(
        matches!(&changes[0].kind, DifferenceKind::Added(cid) if *cid == appended || cid.hash() == appended.hash())
    );
    assert_eq!(
        objects.patch_rm_link(&linked, "Johnny").await.unwrap(),
        directory
    );
    let put = objects
        .put(br#"{"Data":"another","Links":[]}"#.to_vec())
        .pin(true)
        .await
        .unwrap();
    assert_eq!(objects.data(&put).to_vec(99).await.unwrap(), b"another");
}

#[tokio::test]
async fn bootstrap_and_swarm() {
    let server = Server::start().await;
    let bootstrap = server.kubo.bootstrap();
    let address = format!("/ip4/127.0.0.1/tcp/4001/p2p/{PEER}");
    assert_eq!(bootstrap.add(&address).await.unwrap(), [address.as_str()]);
    assert!(bootstrap.list().await.unwrap().contains(&address));
    assert_eq!(bootstrap.rm(&address).await.unwrap(), [address.as_str()]);
    bootstrap.rm_all().await.unwrap();
    assert!(bootstrap.list().await.unwrap().is_empty());

    let swarm = server.kubo.swarm();
    offline(swarm.addrs().await);
    offline(swarm.local_addrs().id(true).await);
    offline(swarm.listen_addrs().await);
    offline(swarm.autonat().await);
    offline(swarm.resources().await);
    offline(swarm.peers().latency(true).direction(true).await);
    offline(swarm.connect(&address).await);
    offline(swarm.disconnect(&address).await);
    let filter = "/ip4/192.168.0.0/ipcidr/16";
    if offline(swarm.add_filters(filter).await).is_some() {
        assert!(swarm.filters().await.unwrap().contains(&filter.to_owned()));
        swarm.rm_filters(filter).await.unwrap();
    }
    offline(swarm.add_peering(&address).await);
    offline(swarm.peering().await);
    offline(swarm.rm_peering(PEER).await);
    offline(server.kubo.ping(PEER).count(1).await);
}

#[tokio::test]
async fn routing_pubsub_and_statistics() {
    let server = Server::start().await;
    let kubo = &server.kubo;
    let cid = kubo.add_str("announced").await.unwrap();
    let routing = kubo.routing();
    offline(routing.findpeer(PEER).await);
    offline(routing.findprovs(&cid).num_providers(1).await);
    offline(routing.get("/ipns/k51").value().await);
    offline(routing.put("/ipns/k51", b"x").allow_offline(true).await);
    offline(routing.provide(&cid).await);
    offline(routing.reprovide().await);
    let dht = kubo.dht();
    offline(dht.findpeer([PEER, PEER]).await);
    offline(dht.findprovs(&cid).await);
    offline(dht.get("/ipns/k51").value().await);
    offline(dht.put("/ipns/k51", vec![7; 2048]).await);
    offline(dht.provide(&cid).await);
    offline(dht.query(PEER).await);

    let pubsub = kubo.pubsub();
    offline(pubsub.ls().await);
    offline(pubsub.peers().await);
    offline(pubsub.peers_of("a topic").await);
    offline(pubsub.publish("a topic", "a message").await);
    offline(pubsub.reset().await);
    let mut messages = pubsub
        .subscribe("a topic")
        .timeout(Duration::from_millis(200))
        .stream();
    let next = messages.try_next().await;
    assert!(next.is_err() || next.unwrap().is_none());

    offline(kubo.bitswap().stat().await);
    offline(kubo.bitswap().wantlist().await);
    offline(kubo.bitswap().ledger(PEER).await);
    offline(kubo.stats().bw().await);
    offline(kubo.stats().dht().await);
    offline(kubo.stats().bitswap().await);
    offline(kubo.stats().provide().await);
    assert!(kubo.stats().repo().await.unwrap().objects > 0);
    offline(kubo.provide().stat().await);
    offline(kubo.provide().once(&cid).await);
    offline(kubo.provide().clear().await);
    offline(kubo.p2p().ls().await);
    offline(kubo.p2p().streams().await);
    offline(kubo.p2p().close().all(true).await);
    offline(
        kubo.p2p()
            .forward("/x/a", "/ip4/127.0.0.1/tcp/1", format!("/p2p/{PEER}"))
            .await,
    );
    offline(kubo.p2p().listen("/x/a", "/ip4/127.0.0.1/tcp/1").await);
    offline(kubo.p2p().close_stream("1").await);
}

#[tokio::test]
async fn logs_and_diagnostics() {
    let server = Server::start().await;
    let kubo = &server.kubo;
    let changed = kubo.log().level("all", "debug").await.unwrap();
    assert!(!changed.message.is_empty());
    assert!(!kubo.log().ls().await.unwrap().is_empty());
    offline(kubo.log().levels().await);
    let mut events = kubo.log().tail().timeout(Duration::from_secs(60)).stream();
    let seen = async {
        loop {
            kubo.id().await.unwrap();
        }
    };
    tokio::select! {
        event = events.try_next() => assert!(event.unwrap().unwrap().is_object()),
        () = seen => {}
    }
    drop(events);
    kubo.id().await.unwrap();
    let requests = kubo.diag().cmds().verbose(true).await.unwrap();
    assert!(
        requests
            .iter()
            .any(|request| request.command.contains("id"))
    );
    kubo.diag()
        .set_cmds_time(Duration::from_secs(60))
        .await
        .unwrap();
    kubo.diag().clear_cmds().await.unwrap();
    assert!(kubo.diag().sys().await.unwrap().is_object());
    offline(kubo.diag().healthy().await);
    offline(kubo.version_check().await);
    assert!(kubo.mount().await.is_err());
}

#[tokio::test]
async fn pinning_services() {
    let server = Server::start().await;
    let remote = server.kubo.remote_pins();
    remote
        .add_service("nest", "http://127.0.0.1:9/psa", "a token")
        .await
        .unwrap();
    let services = remote.services().await.unwrap();
    assert_eq!((services[0].service.as_str(), services.len()), ("nest", 1));
    // Nobody listens there.
    let cid = server.kubo.add_str("remote").await.unwrap();
    assert!(
        remote
            .add(&cid)
            .service("nest")
            .background(true)
            .timeout(Duration::from_secs(60))
            .await
            .is_err()
    );
    assert!(
        remote
            .ls()
            .service("nest")
            .status(["queued", "pinned"])
            .timeout(Duration::from_secs(60))
            .await
            .is_err()
    );
    assert!(
        remote
            .rm()
            .service("nest")
            .timeout(Duration::from_secs(60))
            .await
            .is_err()
    );
    remote.rm_service("nest").await.unwrap();
    assert!(remote.services().await.unwrap().is_empty());
}
