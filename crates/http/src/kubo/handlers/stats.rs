//! `stats`: bandwidth and routing tables. The other statistics have their own commands.

use std::time::Duration;

use cairn_node::config::GoDuration;
use cairn_primitives::PeerId;
use cairn_store::network::{Network, RoutingTable, Traffic};
use cairn_wire::kubo::stats::bw::{Bandwidth, StatsBw};
use cairn_wire::kubo::stats::dht::{DhtBucket, DhtPeer, DhtTable, StatsDht};

use super::super::{Answer, Call, Failure, Handler, Records, times};
use super::bitswap::unable_offline;

/// Shortest time between two reports.
const LEAST_INTERVAL: Duration = Duration::from_millis(100);

/// The scope of the bandwidth.
enum Counted {
    All,
    Peer(PeerId),
    Protocol(String),
}

impl Handler for StatsBw {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let network = call.node().network().ok_or_else(unable_offline)?;
        if network.bandwidth().is_none() {
            return Err(Failure::normal("bandwidth reporter disabled in config"));
        }
        let counted = match (self.peer, self.proto) {
            (Some(_), Some(_)) => {
                return Err(Failure::client("please only specify peer OR protocol"));
            }
            (Some(peer), None) => Counted::Peer(peer.parse()?),
            (None, Some(protocol)) => Counted::Protocol(protocol),
            (None, None) => Counted::All,
        };
        let interval = self.interval.parse::<GoDuration>();
        let interval = interval.map_err(|error| Failure::normal(error.to_string()))?;
        let interval = interval.to_std().max(LEAST_INTERVAL);
        Ok(Records::work(move |out| async move {
            loop {
                out.send(bandwidth(&*network, &counted)).await?;
                if !self.poll {
                    return Ok(());
                }
                tokio::time::sleep(interval).await;
            }
        }))
    }
}

fn bandwidth(network: &dyn Network, counted: &Counted) -> Bandwidth {
    let Some(counter) = network.bandwidth() else {
        return Bandwidth::default();
    };
    let Traffic {
        received,
        sent,
        received_rate,
        sent_rate,
    } = match counted {
        Counted::All => counter.total(),
        Counted::Peer(peer) => counter.of_peer(peer),
        Counted::Protocol(protocol) => counter.of_protocol(protocol),
    };
    Bandwidth {
        total_in: received,
        total_out: sent,
        rate_in: received_rate,
        rate_out: sent_rate,
    }
}

impl Handler for StatsDht {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let network = call.network()?;
        let names = if self.tables.is_empty() {
            vec!["wan".to_owned(), "lan".to_owned()]
        } else {
            self.tables
        };
        let tables = names.into_iter().map(move |name| {
            if !matches!(&*name, "wan" | "lan" | "wanserver" | "lanserver") {
                return Err(Failure::client(format!("unknown dht type: {name}")));
            }
            let table = network.routing().table(&name);
            let table = table.ok_or_else(|| Failure::normal("routing service is not a DHT"))?;
            Ok(to_record(name, table, &*network))
        });
        Ok(Records::stream(futures_util::stream::iter(tables)))
    }
}

fn to_record(name: String, table: RoutingTable, network: &dyn Network) -> DhtTable {
    let swarm = network.swarm();
    let agent = |peer: &PeerId| swarm.identity(peer).map(|known| known.agent);
    let at = |time| times::of_system(time).unwrap_or_default();
    let buckets = table.buckets.into_iter().map(|bucket| DhtBucket {
        last_refresh: at(bucket.refreshed),
        peers: (bucket.peers.into_iter())
            .map(|peer| DhtPeer {
                id: peer.peer.to_string(),
                connected: peer.connected,
                agent_version: if peer.agent.is_empty() {
                    agent(&peer.peer).unwrap_or_default()
                } else {
                    peer.agent
                },
                last_useful_at: at(peer.last_useful),
                last_queried_at: at(peer.last_queried),
            })
            .collect(),
    });
    DhtTable {
        name,
        buckets: buckets.collect(),
    }
}
