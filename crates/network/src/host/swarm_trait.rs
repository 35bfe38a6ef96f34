//! The host as the swarm of a node.

use std::sync::Weak;
use std::time::Duration;

use cairn_primitives::Multiaddr;
use cairn_primitives::keys::PeerId;
use cairn_store::network::{
    Connection, KnownPeers, NetworkError, PeerAddresses, PeerIdentity, QueryStep,
    ReachableAddresses, ResourceScope, RoundTrips, Swarm,
};
use futures_util::future::{BoxFuture, FutureExt as _};
use futures_util::stream::{self, StreamExt as _};
use tokio::sync::{mpsc, oneshot};

use super::book::{MAX_ADDRESS, without_peer};
use super::ping;
use super::run::Command;
use super::start::Host;
use crate::convert::address_from_libp2p;

/// How long a connection may take, with its lookups of names.
const CONNECT: Duration = Duration::from_secs(60);

/// How long the lookups of a name may take.
const RESOLVE: Duration = Duration::from_secs(20);

impl Host {
    async fn request(
        &self,
        command: impl FnOnce(oneshot::Sender<Result<(), NetworkError>>) -> Command,
    ) -> Result<(), NetworkError> {
        let (reply, answer) = oneshot::channel();
        self.send(command(reply)).await?;
        answer.await.map_err(|_| NetworkError::Closed)?
    }

    /// Addresses with the names resolved that lead to addresses of several kinds.
    async fn expand(&self, addresses: Vec<libp2p::Multiaddr>) -> Vec<libp2p::Multiaddr> {
        let Some(names) = &self.names else {
            return addresses;
        };
        let mut expanded = Vec::new();
        for address in addresses {
            match names.resolve(&address).await {
                Ok(found) => expanded.extend(found),
                Err(error) => tracing::debug!(%address, %error, "cannot resolve"),
            }
        }
        expanded
    }

    /// Connects by the given and known addresses. If that fails, or there are none, routing is asked for others, as in Kubo.
    async fn connect_or_look_up(
        &self,
        id: libp2p::PeerId,
        peer: &PeerId,
        given: Vec<libp2p::Multiaddr>,
    ) -> Result<(), NetworkError> {
        let mut tried = self.expand(given).await;
        let dial = |addresses: Vec<libp2p::Multiaddr>| {
            self.request(move |reply| Command::Connect {
                peer: id,
                addresses,
                only: false,
                reply,
            })
        };
        let failed = match dial(tried.clone()).await {
            Err(failed @ NetworkError::Dial(_)) => failed,
            done => return done,
        };
        tried.extend(self.shared.book.addresses(&id));
        let found = self.look_up(peer).await;
        let found: Vec<_> = found
            .into_iter()
            .filter(|address| !tried.contains(address))
            .collect();
        if found.is_empty() {
            return Err(failed);
        }
        dial(found).await
    }

    /// Addresses of a peer that routing finds.
    async fn look_up(&self, peer: &PeerId) -> Vec<libp2p::Multiaddr> {
        let Some(routing) = self.routing.read().clone() else {
            return Vec::new();
        };
        let mut steps = routing.find_peer(peer);
        while let Some(Ok(step)) = steps.next().await {
            if step.step == QueryStep::FinalPeer {
                let named = step.responses.iter().filter(|named| named.peer == *peer);
                return named
                    .flat_map(|named| &named.addresses)
                    .map(Into::into)
                    .collect();
            }
        }
        Vec::new()
    }
}

fn addresses<'a>(list: impl IntoIterator<Item = &'a libp2p::Multiaddr>) -> Vec<Multiaddr> {
    list.into_iter().filter_map(address_from_libp2p).collect()
}

/// Fails when a connection is not open in time.
async fn within_limit(
    connect: impl Future<Output = Result<(), NetworkError>>,
) -> Result<(), NetworkError> {
    let connected = tokio::time::timeout(CONNECT, connect).await;
    connected.unwrap_or_else(|_| {
        let error = std::io::Error::from(std::io::ErrorKind::TimedOut);
        Err(NetworkError::Dial(std::sync::Arc::new(error)))
    })
}

impl Swarm for Host {
    fn connections(&self) -> Vec<Connection> {
        let state = self.shared.state.read();
        let open = state.connections.values().filter_map(|open| {
            let meter = open.meter.as_ref().and_then(Weak::upgrade);
            Some(Connection {
                peer: open.peer.into(),
                address: address_from_libp2p(&open.address)?,
                direction: open.direction,
                latency: open.latency,
                streams: meter.map(|meter| meter.streams()).unwrap_or_default(),
            })
        });
        open.collect()
    }

    fn identity(&self, peer: &PeerId) -> Option<PeerIdentity> {
        let peer = libp2p::PeerId::from(peer);
        if peer == self.shared.local {
            return Some(PeerIdentity {
                public_key: Some(self.shared.public_key.clone()),
                addresses: self.announced(),
                agent: self.shared.agent.clone(),
                protocols: self.shared.protocols.list(),
            });
        }
        let identified = self.shared.book.identified(&peer)?;
        Some(PeerIdentity {
            public_key: identified.public_key,
            addresses: addresses(&self.shared.book.addresses(&peer)),
            agent: identified.agent,
            protocols: identified.protocols,
        })
    }

    fn known(&self) -> KnownPeers {
        let known = self.shared.book.known().into_iter();
        known
            .map(|(peer, list)| (peer.into(), addresses(&list)))
            .collect()
    }

    fn announced(&self) -> Vec<Multiaddr> {
        addresses(&self.shared.announced())
    }

    fn listening(&self) -> Vec<Multiaddr> {
        let listening = self.shared.state.read().listening();
        let bare = listening
            .iter()
            .filter_map(|address| without_peer(address, self.shared.local));
        addresses(&bare.collect::<Vec<_>>())
    }

    fn reachability(&self) -> ReachableAddresses {
        let state = self.shared.state.read();
        let mut reach = ReachableAddresses {
            status: *self.shared.reachable.borrow(),
            ..ReachableAddresses::default()
        };
        let mut tested = Vec::new();
        for (address, reachable) in state.tested() {
            tested.push(address.clone());
            let list = if reachable {
                &mut reach.reachable
            } else {
                &mut reach.unreachable
            };
            list.extend(address_from_libp2p(address));
        }
        drop(state);
        let announced = self.shared.announced();
        reach.unknown = addresses(announced.iter().filter(|address| !tested.contains(address)));
        reach
    }

    fn resolve<'a>(
        &'a self,
        address: &'a Multiaddr,
    ) -> BoxFuture<'a, Result<Vec<PeerAddresses>, NetworkError>> {
        async move {
            let names = self
                .names
                .as_ref()
                .ok_or(NetworkError::Unavailable("name resolution"))?;
            let address = libp2p::Multiaddr::from(address);
            let found = tokio::time::timeout(RESOLVE, names.resolve(&address)).await;
            let found = found.map_err(|_| NetworkError::NotFound)??;
            let mut peers: Vec<PeerAddresses> = Vec::new();
            for address in found.iter().filter(|found| found.len() <= MAX_ADDRESS) {
                let split = address_from_libp2p(address).and_then(|ours| ours.split_peer());
                let Some((peer, Some(bare))) = split else {
                    continue;
                };
                match peers.iter_mut().find(|known| known.peer == peer) {
                    Some(known) => known.addresses.push(bare),
                    None => peers.push(PeerAddresses {
                        peer,
                        addresses: vec![bare],
                    }),
                }
            }
            if peers.is_empty() {
                return Err(NetworkError::NotFound);
            }
            Ok(peers)
        }
        .boxed()
    }

    fn connect(&self, peer: PeerAddresses) -> BoxFuture<'_, Result<(), NetworkError>> {
        async move {
            let id = libp2p::PeerId::from(&peer.peer);
            let given = peer.addresses.iter().map(Into::into).collect();
            within_limit(self.connect_or_look_up(id, &peer.peer, given)).await
        }
        .boxed()
    }

    fn connect_only(&self, peer: PeerAddresses) -> BoxFuture<'_, Result<(), NetworkError>> {
        let addresses = peer.addresses.iter().map(Into::into).collect();
        let connect = self.request(move |reply| Command::Connect {
            peer: libp2p::PeerId::from(&peer.peer),
            addresses,
            only: true,
            reply,
        });
        within_limit(connect).boxed()
    }

    fn disconnect<'a>(
        &'a self,
        peer: &'a PeerId,
        address: Option<&'a Multiaddr>,
    ) -> BoxFuture<'a, Result<(), NetworkError>> {
        async move {
            let peer = peer.into();
            let address = address.map(Into::into);
            self.request(|reply| Command::Disconnect {
                peer,
                address,
                reply,
            })
            .await
        }
        .boxed()
    }

    fn ping(&self, peer: PeerId) -> RoundTrips {
        let failed = |error| stream::iter([Err(error)]).boxed();
        let peer = libp2p::PeerId::from(peer);
        let connected = {
            let state = self.shared.state.read();
            state.connections.values().any(|open| open.peer == peer)
        };
        if !connected {
            return failed(NetworkError::NotConnected);
        }
        // One slot: the next ping is sent once the last result was taken.
        let (results, mut received) = mpsc::channel(1);
        if self
            .pings
            .try_send(ping::Request { peer, results })
            .is_err()
        {
            return failed(NetworkError::Unavailable("another ping"));
        }
        stream::poll_fn(move |context| received.poll_recv(context)).boxed()
    }

    fn filters(&self) -> Vec<Multiaddr> {
        self.shared.filters.addresses()
    }

    fn set_filters(&self, filters: Vec<Multiaddr>) {
        self.shared.filters.set(filters);
    }

    fn peerings(&self) -> Vec<PeerAddresses> {
        let list = self.shared.peerings.list().into_iter();
        list.map(|(peer, list)| PeerAddresses {
            peer: peer.into(),
            addresses: addresses(&list),
        })
        .collect()
    }

    fn add_peering(&self, peer: PeerAddresses) {
        let addresses = peer.addresses.iter().map(Into::into);
        self.shared
            .peerings
            .add((&peer.peer).into(), addresses.collect());
    }

    fn remove_peering(&self, peer: &PeerId) {
        self.shared.peerings.remove(&peer.into());
    }

    fn resources(&self) -> Option<Vec<ResourceScope>> {
        self.resource_scopes()
    }
}
