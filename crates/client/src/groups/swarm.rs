//! Connections to peers.

use std::collections::BTreeMap;

use cairn_wire::kubo::StringList;
use cairn_wire::kubo::check::{Check, CheckStep};
use cairn_wire::kubo::ping::{Ping, PingResult};
use cairn_wire::kubo::swarm::addrs::autonat::{ReachableAddresses, SwarmAddrsAutonat};
use cairn_wire::kubo::swarm::addrs::known::{KnownAddresses, SwarmAddrs};
use cairn_wire::kubo::swarm::addrs::listen::SwarmAddrsListen;
use cairn_wire::kubo::swarm::addrs::local::SwarmAddrsLocal;
use cairn_wire::kubo::swarm::connect::SwarmConnect;
use cairn_wire::kubo::swarm::disconnect::SwarmDisconnect;
use cairn_wire::kubo::swarm::filters::add::SwarmFiltersAdd;
use cairn_wire::kubo::swarm::filters::list::SwarmFilters;
use cairn_wire::kubo::swarm::filters::rm::SwarmFiltersRm;
use cairn_wire::kubo::swarm::peering::PeeringChange;
use cairn_wire::kubo::swarm::peering::add::SwarmPeeringAdd;
use cairn_wire::kubo::swarm::peering::ls::{PeeringList, SwarmPeeringLs};
use cairn_wire::kubo::swarm::peering::rm::SwarmPeeringRm;
use cairn_wire::kubo::swarm::peers::{SwarmPeer, SwarmPeerList, SwarmPeers};
use cairn_wire::kubo::swarm::resources::{SwarmResources, SwarmUsage};

use super::routing::PeerInfo;
use crate::error::Error;
use crate::kubo::{Call, IntoPath, IntoPaths, Kubo, list, one, setters, some, text, texts};

group! {
    /// Connections to peers.
    ///
    /// ```no_run
    /// # async fn example(kubo: cairn_client::Kubo) -> Result<(), cairn_client::Error> {
    /// for peer in kubo.swarm().peers().latency(true).await? {
    ///     println!("{}/p2p/{} {:?}", peer.address, peer.id, peer.latency);
    /// }
    /// kubo.swarm().add_filters("/ip4/192.168.0.0/ipcidr/16").await?;
    /// # Ok(())
    /// # }
    /// ```
    Swarm, swarm
}

impl Swarm<'_> {
    /// Lists the known addresses of peers by peer ID.
    pub fn addrs(&self) -> Call<SwarmAddrs> {
        Call::new(self.0, SwarmAddrs::new())
    }

    /// Returns which addresses of the server are reachable.
    pub fn autonat(&self) -> Call<SwarmAddrsAutonat> {
        Call::new(self.0, SwarmAddrsAutonat::new())
    }

    /// Lists the addresses on which the server listens.
    pub fn listen_addrs(&self) -> Call<SwarmAddrsListen> {
        Call::new(self.0, SwarmAddrsListen::new())
    }

    /// Lists the addresses that the server announces.
    pub fn local_addrs(&self) -> Call<SwarmAddrsLocal> {
        Call::new(self.0, SwarmAddrsLocal::new())
    }

    /// Connects to peers, given as multiaddrs that end in `/p2p/PEER_ID`. Returns a line for each.
    pub fn connect(&self, addresses: impl IntoPaths) -> Call<SwarmConnect> {
        Call::new(self.0, SwarmConnect::new(texts(addresses)))
    }

    /// Disconnects from peers. Returns a line for each.
    pub fn disconnect(&self, addresses: impl IntoPaths) -> Call<SwarmDisconnect> {
        Call::new(self.0, SwarmDisconnect::new(texts(addresses)))
    }

    /// Lists the address filters.
    pub fn filters(&self) -> Call<SwarmFilters> {
        Call::new(self.0, SwarmFilters::new())
    }

    /// Adds address filters and returns them.
    pub fn add_filters(&self, addresses: impl IntoPaths) -> Call<SwarmFiltersAdd> {
        Call::new(self.0, SwarmFiltersAdd::new(texts(addresses)))
    }

    /// Removes address filters and returns them; `all` removes all.
    pub fn rm_filters(&self, addresses: impl IntoPaths) -> Call<SwarmFiltersRm> {
        Call::new(self.0, SwarmFiltersRm::new(texts(addresses)))
    }

    /// Adds peers to which a connection is kept.
    pub fn add_peering(&self, addresses: impl IntoPaths) -> Call<SwarmPeeringAdd> {
        Call::new(self.0, SwarmPeeringAdd::new(texts(addresses)))
    }

    /// Lists the peers to which a connection is kept.
    pub fn peering(&self) -> Call<SwarmPeeringLs> {
        Call::new(self.0, SwarmPeeringLs::new())
    }

    /// Removes peers to which a connection is kept, by peer ID.
    pub fn rm_peering(&self, peers: impl IntoPaths) -> Call<SwarmPeeringRm> {
        Call::new(self.0, SwarmPeeringRm::new(texts(peers)))
    }

    /// Lists the connected peers.
    pub fn peers(&self) -> Call<SwarmPeers> {
        Call::new(self.0, SwarmPeers::new())
    }

    /// Returns the resource usage of connections by scope.
    pub fn resources(&self) -> Call<SwarmResources> {
        Call::new(self.0, SwarmResources::new())
    }
}

impl Kubo {
    /// Measures the round-trip time to a peer. If streamed, results arrive one by one.
    pub fn ping(&self, peer: impl IntoPath) -> Call<Ping> {
        Call::new(self, Ping::new(vec![text(peer)]))
    }

    /// Checks whether others can fetch content, or whether it can be fetched from the provider in `via`. Only servers that are Cairn
    /// have this command. The last step is the result.
    pub fn check(&self, cid: impl IntoPath) -> Call<Check> {
        Call::new(self, Check::new(text(cid)))
    }
}

/// A step of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CheckedStep {
    /// What it looks at: `stored`, `announced`, `reachable`, `connected`, `offered`, or `result`, which is the last.
    pub step: String,
    /// `ok`, `failed`, `unknown`, or `skipped` if it does not matter.
    pub status: String,
    /// The ID of the peer that it is about.
    pub peer: Option<String>,
    /// What was found.
    pub text: String,
    /// What to do.
    pub hint: Option<String>,
}

/// The result of a ping, or a message about it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PingReport {
    /// Whether the step succeeded.
    pub success: bool,
    /// The round-trip time; zero for messages.
    pub time: std::time::Duration,
    /// A message.
    pub text: Option<String>,
}

/// A connected peer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectedPeer {
    /// Its multiaddr, without the peer ID.
    pub address: String,
    /// Its peer ID.
    pub id: String,
    /// Its round-trip time, if `latency` is set, as in `12.3ms` or `n/a`.
    pub latency: Option<String>,
    /// Which side opened the connection, if `direction` is set.
    pub direction: Option<Direction>,
    /// The protocols of its open streams, if `streams` is set.
    pub streams: Vec<String>,
    /// Its agent version, if `identify` is set.
    pub agent_version: Option<String>,
    /// Its protocols, if `identify` is set.
    pub protocols: Vec<String>,
}

/// Which side opened a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Direction {
    /// The peer.
    Inbound,
    /// The server.
    Outbound,
}

fn connected(peer: SwarmPeer) -> ConnectedPeer {
    ConnectedPeer {
        address: peer.addr,
        id: peer.peer,
        latency: some(peer.latency),
        direction: match peer.direction {
            1 => Some(Direction::Inbound),
            2 => Some(Direction::Outbound),
            _ => None,
        },
        streams: peer
            .streams
            .into_iter()
            .map(|stream| stream.protocol)
            .collect(),
        agent_version: some(peer.identify.agent_version),
        protocols: peer.identify.protocols.unwrap_or_default(),
    }
}

/// Peers of older servers, which only have multiaddrs with peer IDs.
fn older(address: &str) -> ConnectedPeer {
    let (address, id) = address
        .rsplit_once("/p2p/")
        .or_else(|| address.rsplit_once("/ipfs/"))
        .unwrap_or((address, ""));
    connected(SwarmPeer {
        addr: address.to_owned(),
        peer: id.to_owned(),
        ..SwarmPeer::default()
    })
}

fn peers(list: SwarmPeerList) -> Result<Vec<ConnectedPeer>, Error> {
    let older = list.strings.unwrap_or_default();
    let older = older.iter().map(|address| self::older(address));
    Ok(list.peers.into_iter().map(connected).chain(older).collect())
}

/// Which addresses of a server are reachable from the internet.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reachability {
    /// `Public`, `Private` or `Unknown`.
    pub status: String,
    /// Reachable addresses.
    pub reachable: Vec<String>,
    /// Unreachable addresses.
    pub unreachable: Vec<String>,
    /// Addresses that have not been checked.
    pub unknown: Vec<String>,
}

/// The result of changing the peering.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PeeringResult {
    /// The peer ID.
    pub id: String,
    /// `success`, or an error.
    pub status: String,
}

fn strings(list: StringList) -> Result<Vec<String>, Error> {
    Ok(list.strings)
}

fn changed(change: PeeringChange) -> PeeringResult {
    PeeringResult {
        id: change.id,
        status: change.status,
    }
}

one! {
    SwarmAddrs, KnownAddresses => BTreeMap<String, Vec<String>>, |known| Ok(known.addrs);
    SwarmAddrsListen, StringList => Vec<String>, strings;
    SwarmAddrsLocal, StringList => Vec<String>, strings;
    SwarmConnect, StringList => Vec<String>, strings;
    SwarmDisconnect, StringList => Vec<String>, strings;
    SwarmFilters, StringList => Vec<String>, strings;
    SwarmFiltersAdd, StringList => Vec<String>, strings;
    SwarmFiltersRm, StringList => Vec<String>, strings;
    SwarmPeers, SwarmPeerList => Vec<ConnectedPeer>, peers;
    SwarmPeeringLs, PeeringList => Vec<PeerInfo>, |list| Ok(list.peers.into_iter().map(PeerInfo::from).collect());
    SwarmResources, SwarmUsage => SwarmUsage, Ok;
    SwarmAddrsAutonat, ReachableAddresses => Reachability, |found| Ok(Reachability {
        status: found.reachability,
        reachable: found.reachable,
        unreachable: found.unreachable,
        unknown: found.unknown,
    });
}

list! {
    Check, CheckStep => CheckedStep, |step, items| {
        items.push_back(CheckedStep {
            step: step.step,
            status: step.status,
            peer: some(step.peer),
            text: step.text,
            hint: some(step.hint),
        });
        Ok(())
    };
    SwarmPeeringAdd, PeeringChange => PeeringResult, |change, items| {
        items.push_back(changed(change));
        Ok(())
    };
    SwarmPeeringRm, PeeringChange => PeeringResult, |change, items| {
        items.push_back(changed(change));
        Ok(())
    };
    Ping, PingResult => PingReport, |result, items| {
        items.push_back(PingReport {
            success: result.success,
            time: std::time::Duration::from_nanos(result.time),
            text: some(result.text),
        });
        Ok(())
    };
}

cairn_wire::Check!(setters);
cairn_wire::Ping!(setters);
cairn_wire::SwarmAddrsLocal!(setters);
cairn_wire::SwarmPeers!(setters);
