//! A network of one peer that answers everything; it implements the whole interface of a real one.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use cairn_primitives::{Cid, Multiaddr, PeerId};
use cairn_store::network::{
    Announcements, Bandwidth, BlockExchange, Bucket, Connection, Direction, ExchangeStat,
    KnownPeers, Ledger, Message, Messages, Network, NetworkError, PeerAddresses, PeerIdentity,
    PubSub, QueryEvent, QueryEvents, QueryStep, Reachability, ReachableAddresses, ResourceScope,
    ResourceUsage, RoundTrips, Routing, RoutingTable, Scope, Swarm, TablePeer, Traffic,
};
use futures_util::future::BoxFuture;
use futures_util::{FutureExt as _, StreamExt as _, stream};
use tokio::sync::broadcast;

pub(crate) const PEER: &str = "12D3KooWLQzUv2FHWGVPXTXSZpdHs7oHbXub2G5WC8Tx4NQhyd2d";
pub(crate) const ADDRESS: &str = "/ip4/192.0.2.1/tcp/4001";

pub(crate) fn peer() -> PeerId {
    PEER.parse().unwrap()
}

fn address() -> Multiaddr {
    ADDRESS.parse().unwrap()
}

fn known() -> PeerAddresses {
    PeerAddresses {
        peer: peer(),
        addresses: vec![address()],
    }
}

pub(crate) struct Fake {
    connected: Mutex<bool>,
    filters: Mutex<Vec<Multiaddr>>,
    peerings: Mutex<Vec<PeerAddresses>>,
    records: Mutex<BTreeMap<String, Vec<u8>>>,
    pub(crate) provided: Mutex<Vec<(Cid, bool)>>,
    /// What is to be announced first.
    pub(crate) soon: Mutex<Vec<Cid>>,
    messages: broadcast::Sender<Message>,
}

impl Fake {
    pub(crate) fn new() -> Self {
        Self {
            connected: Mutex::new(false),
            filters: Mutex::default(),
            peerings: Mutex::default(),
            records: Mutex::default(),
            provided: Mutex::default(),
            soon: Mutex::default(),
            messages: broadcast::channel(16).0,
        }
    }
}

impl Network for Fake {
    fn swarm(&self) -> &dyn Swarm {
        self
    }

    fn routing(&self) -> &dyn Routing {
        self
    }

    fn exchange(&self) -> &dyn BlockExchange {
        self
    }

    fn pubsub(&self) -> Option<&dyn PubSub> {
        Some(self)
    }

    fn bandwidth(&self) -> Option<&dyn Bandwidth> {
        Some(self)
    }
}

impl Swarm for Fake {
    fn connections(&self) -> Vec<Connection> {
        let connection = Connection {
            peer: peer(),
            address: address(),
            direction: Direction::Outbound,
            latency: Some(Duration::from_micros(559)),
            streams: vec![
                "/meshsub/1.3.0".to_owned(),
                "/ipfs/lan/kad/1.0.0".to_owned(),
            ],
        };
        let connected = *self.connected.lock().unwrap();
        connected.then_some(connection).into_iter().collect()
    }

    fn identity(&self, _: &PeerId) -> Option<PeerIdentity> {
        Some(PeerIdentity {
            public_key: Some(vec![8, 1]),
            addresses: vec![address()],
            agent: "cairn/99.0.0".to_owned(),
            protocols: vec!["/ipfs/ping/1.0.0".to_owned(), "/ipfs/id/1.0.0".to_owned()],
        })
    }

    fn known(&self) -> KnownPeers {
        KnownPeers::from([(peer(), vec![address()])])
    }

    fn announced(&self) -> Vec<Multiaddr> {
        vec!["/ip4/192.0.2.9/tcp/4001".parse().unwrap()]
    }

    fn listening(&self) -> Vec<Multiaddr> {
        let texts = ["/p2p-circuit", "/ip4/127.0.0.1/tcp/4001"];
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn reachability(&self) -> ReachableAddresses {
        ReachableAddresses {
            status: Reachability::Public,
            reachable: self.announced(),
            ..ReachableAddresses::default()
        }
    }

    fn resolve<'a>(
        &'a self,
        address: &'a Multiaddr,
    ) -> BoxFuture<'a, Result<Vec<PeerAddresses>, NetworkError>> {
        let found = if address.last_protocol() == "dnsaddr" {
            vec![known()]
        } else {
            Vec::new()
        };
        async move { Ok(found) }.boxed()
    }

    fn connect_only(&self, peer: PeerAddresses) -> BoxFuture<'_, Result<(), NetworkError>> {
        self.connect(peer)
    }

    fn connect(&self, peer: PeerAddresses) -> BoxFuture<'_, Result<(), NetworkError>> {
        async move {
            if peer
                .addresses
                .iter()
                .any(|address| address.to_string().ends_with("/tcp/1"))
            {
                let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
                return Err(NetworkError::Dial(std::sync::Arc::new(refused)));
            }
            *self.connected.lock().unwrap() = true;
            Ok(())
        }
        .boxed()
    }

    fn disconnect<'a>(
        &'a self,
        _: &'a PeerId,
        _: Option<&'a Multiaddr>,
    ) -> BoxFuture<'a, Result<(), NetworkError>> {
        async move {
            match std::mem::take(&mut *self.connected.lock().unwrap()) {
                true => Ok(()),
                false => Err(NetworkError::NoSuchConnection),
            }
        }
        .boxed()
    }

    fn ping(&self, _: PeerId) -> RoundTrips {
        stream::repeat_with(|| Ok(Duration::from_micros(397))).boxed()
    }

    fn filters(&self) -> Vec<Multiaddr> {
        self.filters.lock().unwrap().clone()
    }

    fn set_filters(&self, filters: Vec<Multiaddr>) {
        *self.filters.lock().unwrap() = filters;
    }

    fn peerings(&self) -> Vec<PeerAddresses> {
        self.peerings.lock().unwrap().clone()
    }

    fn add_peering(&self, peer: PeerAddresses) {
        self.peerings.lock().unwrap().push(peer);
    }

    fn remove_peering(&self, peer: &PeerId) {
        self.peerings
            .lock()
            .unwrap()
            .retain(|known| known.peer != *peer);
    }

    fn resources(&self) -> Option<Vec<ResourceScope>> {
        let usage = ResourceUsage {
            outbound_connections: 1,
            memory: 1 << 20,
            ..ResourceUsage::default()
        };
        let scope = |scope, limit| ResourceScope {
            scope,
            usage,
            limit,
        };
        Some(vec![
            scope(Scope::System, Some(ResourceUsage::default())),
            scope(Scope::Peer(peer()), None),
        ])
    }
}

/// A lookup that takes a step and finds something.
fn found(step: QueryStep, responses: Vec<PeerAddresses>) -> QueryEvents {
    let event = |step, id, responses| {
        Ok(QueryEvent {
            step,
            peer: id,
            responses,
        })
    };
    let sent = event(QueryStep::SendingQuery, Some(peer()), Vec::new());
    // Whom a peer names on the way has not been found.
    let named = event(QueryStep::Response, Some(peer()), vec![known()]);
    stream::iter([sent, named, event(step, None, responses)]).boxed()
}

impl Routing for Fake {
    fn closest_peers(&self, _: &PeerId) -> QueryEvents {
        let last = QueryEvent {
            step: QueryStep::FinalPeer,
            peer: Some(peer()),
            responses: Vec::new(),
        };
        stream::iter([Ok(last)]).boxed()
    }

    fn find_peer(&self, _: &PeerId) -> QueryEvents {
        found(QueryStep::FinalPeer, vec![known()])
    }

    fn find_providers(&self, _: &Cid, count: usize) -> QueryEvents {
        assert!(count > 0);
        found(QueryStep::Provider, vec![known()])
    }

    fn get_value(&self, space: &str, key: &PeerId) -> QueryEvents {
        let records = self.records.lock().unwrap();
        match records.get(&format!("{space}/{key}")) {
            Some(value) => found(QueryStep::Value(value.clone()), Vec::new()),
            None => stream::iter([Err(NetworkError::NotFound)]).boxed(),
        }
    }

    fn put_value(&self, space: &str, key: &PeerId, value: Vec<u8>) -> QueryEvents {
        let mut records = self.records.lock().unwrap();
        records.insert(format!("{space}/{key}"), value);
        found(QueryStep::FinalPeer, Vec::new())
    }

    fn provide(&self, cids: Vec<Cid>, wait: bool) -> BoxFuture<'_, Result<(), NetworkError>> {
        async move {
            let provided = cids.into_iter().map(|cid| (cid, wait));
            self.provided.lock().unwrap().extend(provided);
            Ok(())
        }
        .boxed()
    }

    fn provide_soon(&self, cids: &[Cid]) {
        self.soon.lock().unwrap().extend_from_slice(cids);
    }

    fn reprovide(&self) -> BoxFuture<'_, Result<(), NetworkError>> {
        async { Err(NetworkError::Unavailable("a manual announcement")) }.boxed()
    }

    fn clear_queue(&self) -> BoxFuture<'_, Result<u64, NetworkError>> {
        async { Ok(3) }.boxed()
    }

    fn announcements(&self, _: bool) -> Announcements {
        Announcements {
            sweep: Some(serde_json::json!({ "queues": { "pending_key_provides": 3 } })),
            legacy: None,
        }
    }

    fn table(&self, name: &str) -> Option<RoutingTable> {
        let bucket = Bucket {
            refreshed: Some(SystemTime::UNIX_EPOCH),
            peers: vec![TablePeer {
                peer: peer(),
                connected: true,
                agent: "kubo/0.42.0".to_owned(),
                last_useful: None,
                last_queried: None,
            }],
        };
        (name == "lan").then(|| RoutingTable {
            buckets: vec![Bucket::default(), bucket],
        })
    }
}

impl BlockExchange for Fake {
    fn stat(&self) -> ExchangeStat {
        ExchangeStat {
            wants: vec!["bafkqaaa".parse().unwrap()],
            peers: vec![peer()],
            blocks_received: 1,
            bytes_received: 2,
            duplicate_blocks: 3,
            duplicate_bytes: 4,
            messages_received: 5,
            blocks_sent: 6,
            bytes_sent: 7,
        }
    }

    fn wants_of(&self, of: &PeerId) -> Option<Vec<Cid>> {
        (*of != peer()).then(Vec::new)
    }

    fn ledger(&self, _: &PeerId) -> Ledger {
        Ledger {
            sent: 10,
            received: 4,
            exchanges: 2,
        }
    }
}

impl PubSub for Fake {
    fn publish(&self, topic: Vec<u8>, data: Vec<u8>) -> BoxFuture<'_, Result<(), NetworkError>> {
        async move {
            // Without subscribers nobody hears it.
            let _ = self.messages.send(Message {
                from: peer(),
                data,
                sequence: vec![0, 1],
                topic,
            });
            Ok(())
        }
        .boxed()
    }

    fn subscribe(&self, topic: Vec<u8>) -> BoxFuture<'_, Result<Messages, NetworkError>> {
        let receiver = self.messages.subscribe();
        let messages = stream::unfold(receiver, |mut receiver| async move {
            let message = receiver.recv().await.ok()?;
            Some((message, receiver))
        });
        let messages = messages.filter(move |message| {
            let wanted = message.topic == topic;
            async move { wanted }
        });
        async move { Ok(messages.map(Ok).boxed()) }.boxed()
    }

    fn topics(&self) -> Vec<Vec<u8>> {
        vec![b"golden".to_vec()]
    }

    fn peers(&self, _: Option<&[u8]>) -> Vec<PeerId> {
        vec![peer()]
    }

    fn forget<'a>(&'a self, peer: Option<&'a PeerId>) -> BoxFuture<'a, Result<u64, NetworkError>> {
        let count = if peer.is_some() { 0 } else { 2 };
        async move { Ok(count) }.boxed()
    }
}

impl Bandwidth for Fake {
    fn total(&self) -> Traffic {
        Traffic {
            received: 1706,
            sent: 1692,
            received_rate: 32.5,
            sent_rate: 0.0,
        }
    }

    fn of_peer(&self, _: &PeerId) -> Traffic {
        Traffic::default()
    }

    fn of_protocol(&self, _: &str) -> Traffic {
        Traffic::default()
    }
}
