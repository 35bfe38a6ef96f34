//! `routing`, and `dht`, which are the older names.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cairn_primitives::{Cid, PeerId};
use cairn_store::network::{self, Network, NetworkError, QueryEvents, QueryStep};
use cairn_wire::kubo::dht::findpeer::DhtFindpeer;
use cairn_wire::kubo::dht::findprovs::DhtFindprovs;
use cairn_wire::kubo::dht::get::DhtGet;
use cairn_wire::kubo::dht::provide::DhtProvide;
use cairn_wire::kubo::dht::put::DhtPut;
use cairn_wire::kubo::dht::query::DhtQuery;
use cairn_wire::kubo::routing::QueryEvent;
use cairn_wire::kubo::routing::findpeer::RoutingFindpeer;
use cairn_wire::kubo::routing::findprovs::RoutingFindprovs;
use cairn_wire::kubo::routing::get::RoutingGet;
use cairn_wire::kubo::routing::provide::RoutingProvide;
use cairn_wire::kubo::routing::put::RoutingPut;
use cairn_wire::kubo::routing::reprovide::RoutingReprovide;
use futures_util::StreamExt as _;

use super::super::files::Files;
use super::super::network::{first, to_record};
use super::super::{Answer, Call, Failure, Handler, Records};
use super::provide::{announce, stored};

/// Most bytes of a record: <https://specs.ipfs.tech/ipns/ipns-record/#record-size-limit>.
const MAX_RECORD: usize = 10 << 10;

/// Most providers that one lookup may look for.
const MAX_PROVIDERS: i32 = 100_000;

impl Handler for RoutingFindprovs {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        find_providers(&call, &self.keys, self.num_providers)
    }
}

impl Handler for DhtFindprovs {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        find_providers(&call, &self.keys, self.num_providers)
    }
}

impl Handler for RoutingFindpeer {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let network = call.network()?;
        let peer: PeerId = first(&self.peers)?.parse()?;
        if peer == call.node().identity().peer_id() {
            return Err(Failure::normal(
                "finding your own node in the DHT is currently not supported",
            ));
        }
        Ok(find_peer(network, peer))
    }
}

impl Handler for DhtFindpeer {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let network = call.network()?;
        let peer: PeerId = first(&self.peers)?.parse()?;
        Ok(find_peer(network, peer))
    }
}

impl Handler for DhtQuery {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let network = call.node().network();
        let network = network.ok_or_else(|| Failure::normal("routing service is not a DHT"))?;
        let peer = first(&self.peers)?.parse::<PeerId>();
        let peer = peer.map_err(|_| Failure::client("invalid peer ID"))?;
        Ok(records(network.routing().closest_peers(&peer)))
    }
}

impl Handler for RoutingGet {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let network = call.action_network()?;
        let (space, key) = routing_key(first(&self.keys)?)?;
        let mut events = network.routing().get_value(space, &key);
        // Only the value, unlike the older command, which also lists its steps.
        while let Some(event) = events.next().await {
            let event = event?;
            if let QueryStep::Value(value) = event.step {
                let record = QueryEvent {
                    extra: STANDARD.encode(value),
                    r#type: QueryEvent::VALUE,
                    ..QueryEvent::default()
                };
                return Ok(Records::stream(futures_util::stream::iter([Ok(record)])));
            }
        }
        Err(NetworkError::NotFound.into())
    }
}

impl Handler for DhtGet {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let network = call.network()?;
        let (space, key) = routing_key(first(&self.keys)?)?;
        Ok(records(network.routing().get_value(space, &key)))
    }
}

impl Handler for RoutingPut {
    async fn handle(self, (call, files): (Call, Files)) -> Result<Answer<Self>, Failure> {
        let value = record(files).await?;
        let (space, key) = routing_key(&self.key)?;
        if space != "ipns" {
            return Err(Failure::normal("invalid key"));
        }
        match call.action_network() {
            Ok(network) => {
                let mut events = network.routing().put_value(space, &key, value);
                while let Some(event) = events.next().await {
                    event?;
                }
            }
            // The node keeps the record, and its own lookups find it. Unlike Kubo it refuses a record that is not valid: it
            // would have to be refused by each lookup.
            Err(_) if self.allow_offline => {
                let names = call.node().name_system();
                names.put(&key, &value.into(), true).await?;
            }
            Err(_) => {
                return Err(Failure::normal(
                    "can't put while offline: pass `--allow-offline` to override",
                ));
            }
        }
        let stored = QueryEvent {
            id: key.to_string(),
            r#type: QueryEvent::VALUE,
            ..QueryEvent::default()
        };
        Ok(Records::stream(futures_util::stream::iter([Ok(stored)])))
    }
}

impl Handler for DhtPut {
    async fn handle(self, (call, files): (Call, Files)) -> Result<Answer<Self>, Failure> {
        let network = call.network()?;
        let value = record(files).await?;
        let (space, key) = routing_key(&self.key)?;
        Ok(records(network.routing().put_value(space, &key, value)))
    }
}

impl Handler for RoutingProvide {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        provide(call, self.keys, self.recursive).await
    }
}

impl Handler for DhtProvide {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        provide(call, self.keys, self.recursive).await
    }
}

impl Handler for RoutingReprovide {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let network = call.network()?;
        check_provide(&call)?;
        Ok(network.routing().reprovide().await?)
    }
}

fn find_providers(
    call: &Call,
    keys: &[String],
    count: i32,
) -> Result<Records<QueryEvent>, Failure> {
    let network = call.network()?;
    let count = usize::try_from(count.min(MAX_PROVIDERS)).unwrap_or(0);
    if count == 0 {
        return Err(Failure::normal(
            "number of providers must be greater than 0",
        ));
    }
    let cid: Cid = first(keys)?.parse()?;
    Ok(records(network.routing().find_providers(&cid, count)))
}

/// As in Kubo, a failure is a step, and then the end.
fn find_peer(network: Arc<dyn Network>, peer: PeerId) -> Records<QueryEvent> {
    Records::work(move |out| async move {
        let mut events = network.routing().find_peer(&peer);
        while let Some(event) = events.next().await {
            match event {
                Ok(event) => out.send(of_event(event)).await?,
                Err(error) => {
                    let failed = Failure::from(error);
                    out.send(failed_event(&failed)).await?;
                    return Err(Failure::trailer(failed.into_reason()));
                }
            }
        }
        Ok(())
    })
}

fn failed_event(failed: &Failure) -> QueryEvent {
    QueryEvent {
        extra: failed.to_string(),
        r#type: QueryEvent::QUERY_ERROR,
        ..QueryEvent::default()
    }
}

async fn provide(
    call: Call,
    keys: Vec<String>,
    recursive: bool,
) -> Result<Records<QueryEvent>, Failure> {
    let network = call.network()?;
    check_provide(&call)?;
    if network.swarm().connections().is_empty() {
        return Err(Failure::normal("cannot provide, no connected peers"));
    }
    let mut roots = Vec::with_capacity(keys.len());
    for key in &keys {
        roots.push(stored(&call, key).await?);
    }
    Ok(Records::work(move |out| async move {
        if let Err(failed) = announce(&call, &network, &roots, recursive).await {
            out.send(failed_event(&failed)).await?;
            return Err(Failure::trailer(failed.into_reason()));
        }
        Ok(())
    }))
}

fn check_provide(call: &Call) -> Result<(), Failure> {
    if call.node().config().provide.enabled == Some(false) {
        return Err(Failure::normal(
            "invalid configuration: Provide.Enabled is set to 'false'",
        ));
    }
    Ok(())
}

/// The name space and the name of a key of the routing system.
fn routing_key(text: &str) -> Result<(&'static str, PeerId), Failure> {
    let parts: Vec<&str> = text.split('/').collect();
    let (space, name) = match parts.as_slice() {
        ["", "ipns", name] => ("ipns", name),
        ["", "pk", name] => ("pk", name),
        _ => return Err(Failure::normal("invalid key")),
    };
    Ok((space, name.parse()?))
}

/// The record of a request.
async fn record(mut files: Files) -> Result<Vec<u8>, Failure> {
    if files.next().await?.is_none() {
        return Err(Failure::normal("expected a file argument"));
    }
    let large = || Failure::normal(format!("the record is longer than {MAX_RECORD} bytes"));
    Ok(files.whole(MAX_RECORD, large).await?.to_vec())
}

/// The steps of a lookup as records.
fn records(events: QueryEvents) -> Records<QueryEvent> {
    Records::stream(events.map(|event| event.map(of_event).map_err(Failure::from)))
}

fn of_event(event: network::QueryEvent) -> QueryEvent {
    let (kind, extra) = match event.step {
        QueryStep::SendingQuery => (QueryEvent::SENDING_QUERY, String::new()),
        QueryStep::Response => (QueryEvent::PEER_RESPONSE, String::new()),
        QueryStep::FinalPeer => (QueryEvent::FINAL_PEER, String::new()),
        QueryStep::Failed(why) => (QueryEvent::QUERY_ERROR, why),
        QueryStep::Provider => (QueryEvent::PROVIDER, String::new()),
        QueryStep::Value(value) => (QueryEvent::VALUE, STANDARD.encode(value)),
        QueryStep::AddingPeer => (QueryEvent::ADDING_PEER, String::new()),
        _ => (QueryEvent::DIALING_PEER, String::new()),
    };
    QueryEvent {
        extra,
        id: event.peer.map(|peer| peer.to_string()).unwrap_or_default(),
        responses: event.responses.iter().map(to_record).collect(),
        r#type: kind,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_a_name_space_and_a_peer_id() {
        let name = "k51qzi5uqu5dlp9v9n9ymuh18el4fg85yhh5e4me7nyxf3e0hb8grox773q52c";
        for space in ["ipns", "pk"] {
            let (found, key) = routing_key(&format!("/{space}/{name}")).unwrap();
            assert_eq!((found, key.to_base36().as_str()), (space, name));
        }
        for text in [
            "",
            "k",
            "/ipns",
            "/ipns/",
            "/ipfs/Qm",
            &format!("/ipns/{name}/x"),
        ] {
            assert!(routing_key(text).is_err(), "{text}");
        }
    }
}
