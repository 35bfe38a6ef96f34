//! Nodes with a DHT each, on loopback.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use cairn_primitives::ipns::{Record, RecordOptions};
use cairn_primitives::keys::{Keypair, PeerId};
use cairn_primitives::{Cid, Codec, ContentPath, Multihash};
use cairn_store::names::NameOptions;
use cairn_store::network::{
    AnnouncedContent, NetworkError, QueryEvents, QueryStep, Records as _, Routing as _,
};
use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream};
use libp2p::swarm::{NetworkBehaviour, Swarm, SwarmEvent};
use libp2p::{Multiaddr, identify};
use libp2p_swarm_test::SwarmExt as _;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::{Behaviour, DhtMode, Router, Settings};
use crate::Providers as _;
use crate::convert;
use crate::testing::{LIMIT, until};

#[derive(NetworkBehaviour)]
#[behaviour(prelude = "libp2p::swarm::derive_prelude")]
struct Parts {
    identify: identify::Behaviour,
    routing: Behaviour,
}

struct Node {
    peer: PeerId,
    address: Multiaddr,
    router: Router,
    task: JoinHandle<()>,
    /// Stops its swarm, with its connections open.
    pause: Arc<Notify>,
}

impl Drop for Node {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn settings() -> Settings {
    Settings {
        loopback: true,
        query_timeout: Duration::from_secs(20),
        ..Settings::default()
    }
}

/// A node that knows the given one.
async fn node(settings: Settings, of: Option<&Node>) -> Node {
    node_that(false, settings, of).await
}

/// A node that may hide its addresses from its peers.
async fn node_that(hides: bool, settings: Settings, of: Option<&Node>) -> Node {
    let mut router = None;
    let mut swarm = Swarm::new_ephemeral_tokio(|key| {
        let local = key.public().to_peer_id();
        let config = identify::Config::new("ipfs/0.1.0".to_owned(), key.public())
            .with_hide_listen_addrs(hides);
        let (routing, handle) = super::new(settings, local);
        router = Some(handle);
        Parts {
            identify: identify::Behaviour::new(config),
            routing,
        }
    });
    let peer = PeerId::from(*swarm.local_peer_id());
    let any: Multiaddr = "/ip4/127.0.0.1/tcp/0".parse().unwrap();
    swarm.listen_on(any).unwrap();
    let address = loop {
        if let SwarmEvent::NewListenAddr { address, .. } = swarm.select_next_some().await {
            break address;
        }
    };
    if let Some(of) = of {
        swarm.dial(of.address.clone()).unwrap();
    }
    let pause = Arc::new(Notify::new());
    let paused = Arc::clone(&pause);
    let task = tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = swarm.select_next_some() => {}
                () = paused.notified() => std::future::pending().await,
            }
        }
    });
    Node {
        pause,
        peer,
        address,
        router: router.unwrap(),
        task,
    }
}

/// So many nodes, each of which has the others in its routing table.
async fn nodes(count: usize) -> Vec<Node> {
    let mut nodes = vec![node(settings(), None).await];
    for _ in 1..count {
        let next = node(settings(), nodes.first()).await;
        nodes.push(next);
    }
    for node in &nodes {
        until(|| node.router.peers() == count - 1).await;
    }
    nodes
}

fn cid(text: &str) -> Cid {
    Cid::v1(Codec::RAW, Multihash::sha2_256(text.as_bytes()))
}

fn record(key: &Keypair, sequence: u64) -> Bytes {
    let value = ContentPath::new("/ipfs/bafkqaaa").unwrap();
    let until = SystemTime::now() + Duration::from_secs(3600);
    let record = Record::sign(key, &value, &RecordOptions::new(sequence, until)).unwrap();
    record.as_bytes().clone()
}

async fn all(events: QueryEvents) -> Vec<cairn_store::network::QueryEvent> {
    let events: Vec<_> = events.collect().await;
    events.into_iter().map(Result::unwrap).collect()
}

/// Events without those of single queries.
async fn answers(events: QueryEvents) -> Vec<cairn_store::network::QueryEvent> {
    let mut events = all(events).await;
    events.retain(|event| is_answer(&event.step));
    events
}

fn is_answer(step: &QueryStep) -> bool {
    matches!(
        step,
        QueryStep::FinalPeer | QueryStep::Provider | QueryStep::OwnRecord | QueryStep::Value(_)
    )
}

/// The first provider, once there is one: announcements are not answered, so a peer may have one only a moment later.
async fn provider(router: &Router, wanted: &Cid) -> PeerId {
    let find = async {
        loop {
            let found = answers(router.find_providers(wanted, 1)).await;
            if let Some(found) = found.first() {
                return found.responses[0].peer.clone();
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let found = tokio::time::timeout(LIMIT, find).await;
    found.expect("a provider is found within a minute")
}

#[tokio::test]
async fn five_nodes_find_peers_and_providers() {
    let nodes = nodes(5).await;
    let [first, second, third, fourth, fifth] = &nodes[..] else {
        unreachable!()
    };
    let wanted = cid("one");
    for provider in [second, third] {
        let provided = provider.router.provide(vec![wanted.clone()], true);
        provided.await.unwrap();
    }
    let mut found: Vec<_> = Vec::new();
    while found.len() < 2 {
        found = fifth.router.find(&wanted).collect().await;
    }
    found.sort_by(|one, other| one.peer.cmp(&other.peer));
    let mut expected = [second, third].map(|node| node.peer.clone());
    expected.sort();
    let peers: Vec<_> = found.iter().map(|it| it.peer.clone()).collect();
    assert_eq!(peers, expected);
    for provider in &found {
        let node = nodes.iter().find(|node| node.peer == provider.peer);
        let address = convert::address_from_libp2p(&node.unwrap().address).unwrap();
        assert!(provider.addresses.contains(&address), "{provider:?}");
    }
    // One is enough.
    let events = answers(fifth.router.find_providers(&wanted, 1)).await;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].step, QueryStep::Provider);
    assert!(
        answers(first.router.find_providers(&cid("none"), 9))
            .await
            .is_empty()
    );

    let events = answers(fourth.router.find_peer(&second.peer)).await;
    assert_eq!(events[0].step, QueryStep::FinalPeer);
    assert_eq!(events[0].responses[0].peer, second.peer);
    let unknown = Keypair::from_ed25519_seed(&[9; 32]).peer_id();
    let missing: Vec<_> = first.router.find_peer(&unknown).collect().await;
    assert!(matches!(missing.last(), Some(Err(NetworkError::NotFound))));
    assert!(
        missing
            .iter()
            .flatten()
            .all(|event| !is_answer(&event.step))
    );

    let closest = answers(first.router.closest_peers(&unknown)).await;
    assert_eq!(closest.len(), 4);
    assert!(
        closest
            .iter()
            .all(|event| event.step == QueryStep::FinalPeer)
    );
    let table = first.router.table("lan").unwrap();
    let peers: Vec<_> = table.buckets.iter().flat_map(|it| &it.peers).collect();
    assert_eq!(peers.len(), 4);
    assert!(first.router.table("other").is_none());
    // Loopback addresses are not those of the internet.
    assert_eq!(first.router.table("wan").unwrap().buckets.len(), 0);
}

#[tokio::test]
async fn values_are_stored_and_the_newest_is_found() {
    let nodes = nodes(5).await;
    let key = Keypair::from_ed25519_seed(&[3; 32]);
    let name = key.peer_id();
    let (old, new) = (record(&key, 1), record(&key, 2));
    let stored = all(nodes[0].router.put_value("ipns", &name, old.to_vec())).await;
    assert!(
        stored
            .iter()
            .all(|it| it.step == QueryStep::Value(Vec::new()))
    );
    assert_eq!(
        stored.iter().filter(|event| event.peer.is_some()).count(),
        4
    );
    let options = NameOptions::default();
    for node in &nodes {
        let found = node.router.get(&name, &options).await.unwrap();
        assert_eq!(found.as_ref(), Some(&old));
    }
    nodes[1].router.put(&name, &new).await.unwrap();
    for node in &nodes {
        let found = all(node.router.get_value("ipns", &name)).await;
        assert_eq!(found[0].step, QueryStep::Value(new.to_vec()));
    }
    // An older record does not replace a newer one, and others are refused before they are sent.
    assert!(nodes[1].router.put(&name, &old).await.is_err());
    let other = Keypair::from_ed25519_seed(&[4; 32]);
    assert!(
        nodes[2]
            .router
            .put(&name, &record(&other, 9))
            .await
            .is_err()
    );
    for (space, value) in [("ipns", &b"nonsense"[..]), ("pk", b"x"), ("other", b"x")] {
        let put = nodes[2].router.put_value(space, &name, value.to_vec());
        assert!(put.collect::<Vec<_>>().await[0].is_err());
    }
    let unknown = nodes[3].router.get(&other.peer_id(), &options).await;
    assert_eq!(unknown, Ok(None));
    let public = key.public().encode();
    all(nodes[4].router.put_value("pk", &name, public.clone())).await;
    let found = all(nodes[0].router.get_value("pk", &name)).await;
    assert_eq!(found[0].step, QueryStep::Value(public));
}

#[tokio::test]
async fn clients_are_in_no_routing_table_and_find_everything() {
    let server = node(settings(), None).await;
    let mut client = settings();
    client.mode = DhtMode::Client;
    let client = node(client, Some(&server)).await;
    until(|| client.router.peers() == 1).await;
    let wanted = cid("two");
    client
        .router
        .provide(vec![wanted.clone()], true)
        .await
        .unwrap();
    assert_eq!(provider(&server.router, &wanted).await, client.peer);
    assert_eq!(server.router.peers(), 0);
    assert_eq!(provider(&client.router, &wanted).await, client.peer);
}

#[tokio::test]
async fn a_node_without_peers_says_so() {
    let alone = node(settings(), None).await;
    let key = Keypair::from_ed25519_seed(&[3; 32]);
    let router = &alone.router;
    let provided = router.provide(vec![cid("x")], true).await;
    assert!(matches!(provided, Err(NetworkError::NoPeers)));
    let events: Vec<_> = router.closest_peers(&key.peer_id()).collect().await;
    assert!(matches!(events[..], [Err(NetworkError::NoPeers)]));
    // As in Kubo, records are published later then.
    let put = router.put(&key.peer_id(), &record(&key, 0)).await;
    assert_eq!(put, Ok(()));
    let found = router.get(&key.peer_id(), &NameOptions::default()).await;
    assert_eq!(found, Ok(None));
}

#[tokio::test]
async fn a_connected_peer_is_found_by_the_address_that_was_dialed() {
    let hidden = node_that(true, settings(), None).await;
    let other = node(settings(), Some(&hidden)).await;
    let found = async {
        loop {
            let events: Vec<_> = other.router.find_peer(&hidden.peer).collect().await;
            if let [Ok(event)] = &events[..] {
                break event.responses.clone();
            }
            // It is not connected yet.
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let found = tokio::time::timeout(LIMIT, found).await;
    let addresses = found.unwrap().remove(0).addresses;
    assert_eq!(
        addresses,
        [convert::address_from_libp2p(&hidden.address).unwrap()]
    );
}

/// Content whose reading is counted.
struct Content(Vec<Cid>);

impl AnnouncedContent for Content {
    fn cids(&self) -> BoxStream<'static, Result<Cid, NetworkError>> {
        stream::iter(self.0.clone()).map(Ok).boxed()
    }
}

#[tokio::test]
async fn all_content_is_announced_in_parts_and_new_content_at_once() {
    let first = node(settings(), None).await;
    let mut small = settings();
    small.announce.sweep_keys = 7;
    let second = node(small, Some(&first)).await;
    let content: Vec<_> = (0..50).map(|number| cid(&number.to_string())).collect();
    second
        .router
        .set_content(Some(Arc::new(Content(content.clone()))));
    second.router.announce(&[cid("new")]);
    let stat = |path: &str| {
        let stats = second.router.announcements(true).sweep.unwrap();
        stats.pointer(path).and_then(serde_json::Value::as_i64)
    };
    until(|| stat("/operations/past/keys_provided") == Some(51)).await;
    assert_eq!(stat("/schedule/keys"), Some(50));
    assert_eq!(stat("/queues/pending_key_provides"), Some(0));
    for wanted in content.iter().chain([&cid("new")]) {
        assert_eq!(provider(&first.router, wanted).await, second.peer);
    }
    second.router.reprovide().await.unwrap();
    until(|| stat("/operations/past/keys_provided") == Some(101)).await;
    assert_eq!(second.router.clear_queue().await.unwrap(), 0);
}

#[tokio::test]
async fn a_dropped_lookup_ends() {
    let nodes = nodes(2).await;
    // A peer that is in the routing table and does not answer.
    nodes[1].pause.notify_one();
    let router = &nodes[0].router;
    let mut events = router.find_providers(&cid("never"), 9);
    let lookup = tokio::spawn(async move { while events.next().await.is_some() {} });
    until(|| router.lookups() > 0).await;
    lookup.abort();
    until(|| router.lookups() == 0).await;
    assert!(lookup.await.is_err());
}

#[tokio::test]
async fn the_steps_of_a_lookup_are_told_as_kubo_tells_them() {
    let nodes = nodes(3).await;
    let (asks, other) = (&nodes[0], &nodes[1]);
    let steps = all(asks.router.closest_peers(&other.peer)).await;
    let of = |step: QueryStep| -> Vec<PeerId> {
        let of_kind = steps.iter().filter(|event| event.step == step);
        of_kind.filter_map(|event| event.peer.clone()).collect()
    };
    let mut peers = [nodes[1].peer.clone(), nodes[2].peer.clone()];
    peers.sort();
    // Each is asked once, answers, and is one of the closest.
    for step in [
        QueryStep::SendingQuery,
        QueryStep::Response,
        QueryStep::FinalPeer,
    ] {
        let mut of_step = of(step.clone());
        of_step.sort();
        assert_eq!(of_step, peers, "{step:?} of {steps:?}");
    }
    let is_response = |event: &&cairn_store::network::QueryEvent| event.step == QueryStep::Response;
    let named = steps
        .iter()
        .filter(is_response)
        .flat_map(|it| &it.responses);
    assert!(named.clone().count() > 0 && named.clone().all(|it| !it.addresses.is_empty()));

    // Providers are looked up by queries, too. Whoever waits for one provider gets the steps before it.
    let wanted = cid("steps");
    other
        .router
        .provide(vec![wanted.clone()], false)
        .await
        .unwrap();
    provider(&asks.router, &wanted).await;
    let steps = all(nodes[2].router.find_providers(&wanted, 1)).await;
    let last = steps.last().unwrap();
    assert_eq!(last.step, QueryStep::Provider, "{steps:?}");
    assert_eq!(
        steps
            .iter()
            .filter(|event| event.step == QueryStep::Provider)
            .count(),
        1
    );

    let table = asks.router.table("lan").unwrap();
    let in_table: Vec<_> = table
        .buckets
        .iter()
        .flat_map(|bucket| &bucket.peers)
        .collect();
    assert_eq!(in_table.len(), 2);
    assert!(
        in_table
            .iter()
            .all(|peer| peer.last_queried.is_some() && peer.last_useful.is_some())
    );
}
