//! `swarm/connect` and `swarm/disconnect`.

use std::time::Duration;

use cairn_primitives::Multiaddr;
use cairn_store::NetworkError;
use cairn_store::network::PeerAddresses;
use cairn_wire::kubo::StringList;
use cairn_wire::kubo::swarm::connect::SwarmConnect;
use cairn_wire::kubo::swarm::disconnect::SwarmDisconnect;

use super::super::super::error::text;
use super::super::super::network::{OFFLINE, parse, peers};
use super::super::super::{Answer, Call, Failure, Handler};

/// Time limit for resolving the peers of addresses without a peer ID.
const RESOLVE: Duration = Duration::from_secs(10);

impl Handler for SwarmConnect {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let mut done = Vec::new();
        for peer in resolved(&call, &self.addresses).await? {
            let id = peer.peer.clone();
            let connected = match call.action_network() {
                Ok(network) => network.swarm().connect(peer).await.map_err(Failure::from),
                Err(offline) => Err(offline),
            };
            connected.map_err(|error| Failure::normal(format!("connect {id} failure: {error}")))?;
            done.push(format!("connect {id} success"));
        }
        Ok(StringList::from(done))
    }
}

impl Handler for SwarmDisconnect {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let mut done = Vec::new();
        for PeerAddresses { peer, addresses } in resolved(&call, &self.addresses).await? {
            // One line an address, or one for a peer without.
            let mut each: Vec<Option<&Multiaddr>> = addresses.iter().map(Some).collect();
            if each.is_empty() {
                each.push(None);
            }
            for address in each {
                let outcome =
                    match call.action_network() {
                        Ok(network) => network.swarm().disconnect(&peer, address).await.map_err(
                            |error| match (error, address) {
                                // With an address, Kubo looks for a connection that has it.
                                (NetworkError::NotConnected, Some(_)) => {
                                    text(&NetworkError::NoSuchConnection)
                                }
                                (error, _) => text(&error),
                            },
                        ),
                        Err(_) => Err(OFFLINE.to_owned()),
                    };
                done.push(match outcome {
                    Ok(()) => format!("disconnect {peer} success"),
                    Err(why) => format!("disconnect {peer} failure: {why}"),
                });
            }
        }
        Ok(StringList::from(done))
    }
}

/// The peers of addresses. An address without a peer ID is resolved.
async fn resolved(call: &Call, texts: &[String]) -> Result<Vec<PeerAddresses>, Failure> {
    let (named, unnamed): (Vec<Multiaddr>, Vec<Multiaddr>) = parse(texts)?
        .into_iter()
        .partition(|address| address.last_protocol() == "p2p");
    let mut found = peers(&named)?;
    if unnamed.is_empty() {
        return Ok(found);
    }
    let network = call.action_network()?;
    let looked_up = async {
        for address in &unnamed {
            let resolved = network.swarm().resolve(address).await?;
            if resolved.is_empty() {
                return Err(Failure::normal(format!("found no ipfs peers at {address}")));
            }
            found.extend(resolved);
        }
        Ok(found)
    };
    tokio::time::timeout(RESOLVE, looked_up)
        .await
        .unwrap_or_else(|_| Err(Failure::normal("context deadline exceeded")))
}
