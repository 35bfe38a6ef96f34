//! `swarm/addrs`.

use cairn_store::network::Reachability;
use cairn_wire::kubo::StringList;
use cairn_wire::kubo::swarm::addrs::autonat::{ReachableAddresses, SwarmAddrsAutonat};
use cairn_wire::kubo::swarm::addrs::known::{KnownAddresses, SwarmAddrs};
use cairn_wire::kubo::swarm::addrs::listen::SwarmAddrsListen;
use cairn_wire::kubo::swarm::addrs::local::SwarmAddrsLocal;

use super::super::super::network::texts;
use super::super::super::{Answer, Call, Failure, Handler};

impl Handler for SwarmAddrs {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let network = call.action_network()?;
        let mut known = network.swarm().known();
        // Kubo lists itself as well.
        known.insert(
            call.node().identity().peer_id(),
            network.swarm().announced(),
        );
        let records = known.into_iter().map(|(peer, addresses)| {
            let mut addresses = texts(&addresses);
            addresses.sort();
            (peer.to_string(), addresses)
        });
        Ok(KnownAddresses {
            addrs: records.collect(),
        })
    }
}

impl Handler for SwarmAddrsLocal {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let network = call.action_network()?;
        let own = call.node().identity().peer_id();
        let addresses = network.swarm().announced();
        let texts = addresses.iter().map(|address| match self.id {
            true => address.text_with_peer(&own),
            false => address.to_string(),
        });
        Ok(sorted(texts.collect()))
    }
}

impl Handler for SwarmAddrsListen {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let network = call.action_network()?;
        Ok(sorted(texts(&network.swarm().listening())))
    }
}

impl Handler for SwarmAddrsAutonat {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let found = call.network()?.swarm().reachability();
        let status = match found.status {
            Reachability::Unknown => "Unknown",
            Reachability::Public => "Public",
            Reachability::Private => "Private",
        };
        Ok(ReachableAddresses {
            reachability: status.to_owned(),
            reachable: texts(&found.reachable),
            unreachable: texts(&found.unreachable),
            unknown: texts(&found.unknown),
        })
    }
}

fn sorted(mut addresses: Vec<String>) -> StringList {
    addresses.sort();
    addresses.into()
}
