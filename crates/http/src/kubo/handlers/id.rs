//! `id`.

use std::time::Duration;

use base64::Engine as _;
use cairn_primitives::Multiaddr;
use cairn_primitives::keys::PeerId;
use cairn_primitives::multibase;
use cairn_store::network::{Network, PeerAddresses, PeerIdentity};
use cairn_wire::kubo::id::{Id, PeerInfo};

use super::super::{AGENT, Answer, Call, Failure, Handler};

/// How long a connected peer may take to report its identity.
const IDENTIFY: Duration = Duration::from_secs(10);

/// Time between two looks for the identity.
const PAUSE: Duration = Duration::from_millis(20);

impl Handler for Id {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let show = |peer: &PeerId| -> Result<String, Failure> {
            if self.peerid_base == "b58mh" || self.peerid_base.is_empty() {
                return Ok(peer.to_string());
            }
            let base = multibase::by_name(&self.peerid_base).map_err(|_| {
                Failure::normal(format!(
                    "unsupported multibase encoding: {}",
                    self.peerid_base
                ))
            })?;
            Ok(peer.to_cid().encode(base))
        };
        let own = call.node().identity();
        if let Some(text) = &self.peer {
            let peer: PeerId = text
                .parse()
                .map_err(|_| Failure::normal("invalid peer id"))?;
            if peer != own.peer_id() && call.is_offline() {
                // What is known without contacting peers.
                return Ok(PeerInfo {
                    id: show(&peer)?,
                    // A short key is contained in the peer ID.
                    public_key: peer.hash().identity_data().map(encoded).unwrap_or_default(),
                    addresses: Some(vec![format!("/p2p/{peer}")]),
                    agent_version: String::new(),
                    protocols: None,
                    protocol_version: protocol_version(&call),
                });
            }
            if peer != own.peer_id()
                && let Some(network) = call.node().network()
            {
                let known = identified(&*network, &peer).await?;
                let key = known.public_key.as_deref().or(peer.hash().identity_data());
                return Ok(PeerInfo {
                    id: show(&peer)?,
                    public_key: key.map(encoded).unwrap_or_default(),
                    addresses: Some(with_peer(&known.addresses, &peer)),
                    agent_version: known.agent,
                    protocols: Some(sorted(known.protocols)),
                    protocol_version: protocol_version(&call),
                });
            }
            if peer != own.peer_id() {
                return Err(Failure::normal(
                    "'ipfs id' cannot query information on remote peers without a running daemon; if you only want to convert --peerid-base, pass --offline option",
                ));
            }
        }
        let peer = own.peer_id();
        let network = call.node().network();
        let swarm = network.as_ref().map(|network| network.swarm());
        Ok(PeerInfo {
            id: show(&peer)?,
            public_key: encoded(&own.keys().public().encode()),
            addresses: swarm.map(|swarm| with_peer(&swarm.announced(), &peer)),
            agent_version: AGENT.to_owned(),
            protocols: swarm
                .and_then(|swarm| swarm.identity(&peer))
                .map(|own| sorted(own.protocols)),
            protocol_version: protocol_version(&call),
        })
    }
}

/// The identity that a peer reports. It is connected to and looked up, unless its identity is known.
async fn identified(network: &dyn Network, peer: &PeerId) -> Result<PeerIdentity, Failure> {
    let swarm = network.swarm();
    if let Some(known) = swarm.identity(peer) {
        return Ok(known);
    }
    let target = PeerAddresses {
        peer: peer.clone(),
        addresses: swarm.known().remove(peer).unwrap_or_default(),
    };
    swarm.connect(target).await?;
    // A peer reports its identity after the connection is open.
    let reported = async {
        loop {
            if let Some(known) = swarm.identity(peer) {
                return known;
            }
            tokio::time::sleep(PAUSE).await;
        }
    };
    tokio::time::timeout(IDENTIFY, reported).await.map_err(|_| {
        Failure::normal(format!(
            "peer {peer} is connected, but did not report its identity"
        ))
    })
}

/// What Kubo 0.7 told besides.
fn protocol_version(call: &Call) -> Option<String> {
    call.rpc.is_compat().then(|| "ipfs/0.1.0".to_owned())
}

/// Addresses with the peer at their end, sorted.
fn with_peer(addresses: &[Multiaddr], peer: &PeerId) -> Vec<String> {
    let with_id = addresses.iter().map(|address| address.text_with_peer(peer));
    sorted(with_id.collect())
}

fn sorted(mut texts: Vec<String>) -> Vec<String> {
    texts.sort();
    texts
}

/// A key as text.
fn encoded(key: &[u8]) -> String {
    base64::engine::general_purpose::STANDARD.encode(key)
}
