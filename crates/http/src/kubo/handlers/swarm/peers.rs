//! `swarm/peers`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cairn_node::config::GoDuration;
use cairn_primitives::PeerId;
use cairn_store::network::{Connection, Direction, PeerIdentity, Swarm};
use cairn_wire::kubo::swarm::peers::{
    SwarmIdentity, SwarmPeer, SwarmPeerList, SwarmPeers, SwarmStream,
};

use super::super::super::{Answer, Call, Failure, Handler};

impl Handler for SwarmPeers {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let network = call.action_network()?;
        let swarm = network.swarm();
        let connections = swarm.connections();
        let mut peers: Vec<SwarmPeer> = connections
            .into_iter()
            .map(|connection| to_record(&self, connection, swarm))
            .collect();
        peers.sort_by(|one, other| one.addr.cmp(&other.addr));
        let strings = call.rpc.is_compat().then(|| {
            let with_id = |peer: &SwarmPeer| format!("{}/p2p/{}", peer.addr, peer.peer);
            peers.iter().map(with_id).collect()
        });
        Ok(SwarmPeerList { peers, strings })
    }
}

/// A connection with the requested details.
fn to_record(request: &SwarmPeers, connection: Connection, swarm: &dyn Swarm) -> SwarmPeer {
    let mut peer = SwarmPeer {
        addr: connection.address.to_string(),
        peer: connection.peer.to_string(),
        ..SwarmPeer::default()
    };
    if request.verbose || request.direction {
        peer.direction = match connection.direction {
            Direction::Inbound => 1,
            Direction::Outbound => 2,
        };
    }
    if request.verbose || request.latency {
        let latency = connection
            .latency
            .map(|time| GoDuration::from_std(time).to_string());
        peer.latency = latency.unwrap_or_else(|| "n/a".to_owned());
    }
    if request.verbose || request.streams {
        let mut streams = connection.streams;
        streams.sort();
        let stream = |protocol| SwarmStream { protocol };
        peer.streams = streams.into_iter().map(stream).collect();
    }
    if request.verbose || request.identify {
        let identity = swarm.identity(&connection.peer).unwrap_or_default();
        peer.identify = identified(&connection.peer, identity);
    }
    peer
}

/// The identity that a peer reports.
fn identified(peer: &PeerId, identity: PeerIdentity) -> SwarmIdentity {
    let with_id = |address: &cairn_primitives::Multiaddr| address.text_with_peer(peer);
    let mut addresses: Vec<String> = identity.addresses.iter().map(with_id).collect();
    addresses.sort();
    let mut protocols = identity.protocols;
    protocols.sort();
    SwarmIdentity {
        id: peer.to_string(),
        public_key: identity
            .public_key
            .map(|key| STANDARD.encode(key))
            .unwrap_or_default(),
        addresses: Some(addresses).filter(|addresses| !addresses.is_empty()),
        agent_version: identity.agent,
        protocols: Some(protocols).filter(|protocols| !protocols.is_empty()),
    }
}
