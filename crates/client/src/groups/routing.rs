//! Routing: peers, providers and values.

use cairn_primitives::multibase;
use cairn_wire::kubo::dht::findpeer::DhtFindpeer;
use cairn_wire::kubo::dht::findprovs::DhtFindprovs;
use cairn_wire::kubo::dht::get::DhtGet;
use cairn_wire::kubo::dht::provide::DhtProvide;
use cairn_wire::kubo::dht::put::DhtPut;
use cairn_wire::kubo::dht::query::DhtQuery;
use cairn_wire::kubo::routing::findpeer::RoutingFindpeer;
use cairn_wire::kubo::routing::findprovs::RoutingFindprovs;
use cairn_wire::kubo::routing::get::RoutingGet;
use cairn_wire::kubo::routing::provide::RoutingProvide;
use cairn_wire::kubo::routing::put::RoutingPut;
use cairn_wire::kubo::routing::reprovide::RoutingReprovide;
use cairn_wire::kubo::routing::{PeerAddresses, QueryEvent};

use crate::error::{EncoderError, Error};
use crate::kubo::{Call, IntoPath, IntoPaths, list, nothing, setters, some, text, texts};
use crate::upload::{IntoSource, files};

group! {
    /// Content and peer routing.
    ///
    /// ```no_run
    /// # async fn example(kubo: cairn_client::Kubo) -> Result<(), cairn_client::Error> {
    /// let mut events = kubo.routing().findprovs("bafkqabtimvwgy3yk").num_providers(5).stream();
    /// while let Some(event) = events.try_next().await? {
    ///     for peer in event.peers {
    ///         println!("{} {:?}", peer.id, peer.addresses);
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    Routing, routing
}

group! {
    /// The DHT. Kubo has removed most of these commands, see [`Kubo::routing`](crate::Kubo::routing) for their replacement.
    ///
    /// ```no_run
    /// # async fn example(kubo: cairn_client::Kubo) -> Result<(), cairn_client::Error> {
    /// for event in kubo.dht().query("12D3KooWEqnTdgqHnkkwarSrJjeMP2ZJiADWLYADaNvUb6SQNyPF").await? {
    ///     println!("{:?} {:?}", event.kind, event.peer);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    Dht, dht
}

impl Routing<'_> {
    /// Looks up the addresses of a peer.
    pub fn findpeer(&self, peers: impl IntoPaths) -> Call<RoutingFindpeer> {
        Call::new(self.0, RoutingFindpeer::new(texts(peers)))
    }

    /// Looks up the providers of a CID.
    pub fn findprovs(&self, cids: impl IntoPaths) -> Call<RoutingFindprovs> {
        Call::new(self.0, RoutingFindprovs::new(texts(cids)))
    }

    /// Looks up the best value of a key such as `/ipns/NAME`; see [`Call::value`].
    pub fn get(&self, keys: impl IntoPaths) -> Call<RoutingGet> {
        Call::new(self.0, RoutingGet::new(texts(keys)))
    }

    /// Stores a value under a key such as `/ipns/NAME`.
    pub fn put(&self, key: impl IntoPath, value: impl IntoSource) -> Call<RoutingPut> {
        let upload = files(value.into_source(), self.0.chunk_size());
        Call::new(self.0, RoutingPut::new(text(key))).sending(upload)
    }

    /// Announces CIDs.
    pub fn provide(&self, cids: impl IntoPaths) -> Call<RoutingProvide> {
        Call::new(self.0, RoutingProvide::new(texts(cids)))
    }

    /// Announces all content again.
    pub fn reprovide(&self) -> Call<RoutingReprovide> {
        Call::new(self.0, RoutingReprovide::new())
    }
}

impl Dht<'_> {
    /// Looks up the addresses of a peer.
    pub fn findpeer(&self, peers: impl IntoPaths) -> Call<DhtFindpeer> {
        Call::new(self.0, DhtFindpeer::new(texts(peers)))
    }

    /// Looks up the providers of a CID.
    pub fn findprovs(&self, cids: impl IntoPaths) -> Call<DhtFindprovs> {
        Call::new(self.0, DhtFindprovs::new(texts(cids)))
    }

    /// Looks up the best value of a key such as `/ipns/NAME`; see [`Call::value`].
    pub fn get(&self, keys: impl IntoPaths) -> Call<DhtGet> {
        Call::new(self.0, DhtGet::new(texts(keys)))
    }

    /// Stores a value of up to 2,048 bytes under a key such as `/ipns/NAME`.
    pub fn put(&self, key: impl IntoPath, value: impl IntoSource) -> Call<DhtPut> {
        let upload = files(value.into_source(), self.0.chunk_size());
        Call::new(self.0, DhtPut::new(text(key))).sending(upload)
    }

    /// Announces CIDs.
    pub fn provide(&self, cids: impl IntoPaths) -> Call<DhtProvide> {
        Call::new(self.0, DhtProvide::new(texts(cids)))
    }

    /// Looks up the peers that are closest to a peer ID.
    pub fn query(&self, peers: impl IntoPaths) -> Call<DhtQuery> {
        Call::new(self.0, DhtQuery::new(texts(peers)))
    }
}

impl Call<RoutingGet> {
    /// Returns the best value; `None` if there is none.
    ///
    /// # Errors
    ///
    /// Any [`Error`].
    pub async fn value(self) -> Result<Option<Vec<u8>>, Error> {
        let Some(value) = last_value(self.stream().try_collect().await?) else {
            return Ok(None);
        };
        match multibase::decode(&format!("M{value}")) {
            Ok((_, bytes)) => Ok(Some(bytes)),
            Err(error) => Err(EncoderError::decoding("base64", error).into()),
        }
    }
}

impl Call<DhtGet> {
    /// Returns the best value; `None` if there is none.
    ///
    /// # Errors
    ///
    /// Any [`Error`].
    pub async fn value(self) -> Result<Option<String>, Error> {
        Ok(last_value(self.stream().try_collect().await?))
    }
}

fn last_value(events: Vec<RoutingEvent>) -> Option<String> {
    let mut values = events
        .into_iter()
        .filter(|event| event.kind == RoutingEventKind::Value);
    values.next_back()?.extra
}

/// A peer and its addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PeerInfo {
    /// Its peer ID.
    pub id: String,
    /// Its multiaddrs.
    pub addresses: Vec<String>,
}

impl From<PeerAddresses> for PeerInfo {
    fn from(peer: PeerAddresses) -> Self {
        Self {
            id: peer.id,
            addresses: peer.addrs,
        }
    }
}

/// An event of a lookup.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RoutingEvent {
    /// Its kind.
    pub kind: RoutingEventKind,
    /// The peer that the event is about.
    pub peer: Option<String>,
    /// The peers that were found.
    pub peers: Vec<PeerInfo>,
    /// A value or a message.
    pub extra: Option<String>,
}

/// The kind of a [`RoutingEvent`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RoutingEventKind {
    /// A peer is queried.
    SendingQuery,
    /// A peer returned other peers.
    PeerResponse,
    /// The result of the lookup of a peer.
    FinalPeer,
    /// A query failed.
    QueryError,
    /// A provider was found.
    Provider,
    /// A value was found.
    Value,
    /// A peer is added to the lookup.
    AddingPeer,
    /// A peer is dialed.
    DialingPeer,
    /// A kind that this client does not know.
    Other(u8),
}

fn event(event: QueryEvent) -> RoutingEvent {
    use RoutingEventKind as Kind;
    RoutingEvent {
        kind: match event.r#type {
            QueryEvent::SENDING_QUERY => Kind::SendingQuery,
            QueryEvent::PEER_RESPONSE => Kind::PeerResponse,
            QueryEvent::FINAL_PEER => Kind::FinalPeer,
            QueryEvent::QUERY_ERROR => Kind::QueryError,
            QueryEvent::PROVIDER => Kind::Provider,
            QueryEvent::VALUE => Kind::Value,
            QueryEvent::ADDING_PEER => Kind::AddingPeer,
            QueryEvent::DIALING_PEER => Kind::DialingPeer,
            other => Kind::Other(other),
        },
        peer: some(event.id),
        peers: event.responses.into_iter().map(PeerInfo::from).collect(),
        extra: some(event.extra),
    }
}

nothing!(RoutingReprovide);

/// The commands that return events.
macro_rules! events {
    ($($command:ident),+ $(,)?) => { $(
        list! {
            $command, QueryEvent => RoutingEvent, |found, items| {
                items.push_back(event(found));
                Ok(())
            };
        }

        cairn_wire::$command!(setters);
    )+ };
}

events!(
    RoutingFindpeer,
    RoutingFindprovs,
    RoutingGet,
    RoutingProvide,
    RoutingPut,
    DhtFindpeer,
    DhtFindprovs,
    DhtGet,
    DhtProvide,
    DhtPut,
    DhtQuery,
);
