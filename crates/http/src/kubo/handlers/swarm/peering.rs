//! `swarm/peering`.

use cairn_primitives::PeerId;
use cairn_wire::kubo::swarm::peering::PeeringChange;
use cairn_wire::kubo::swarm::peering::add::SwarmPeeringAdd;
use cairn_wire::kubo::swarm::peering::ls::{PeeringList, SwarmPeeringLs};
use cairn_wire::kubo::swarm::peering::rm::SwarmPeeringRm;

use super::super::super::network::{parse, peers, to_record};
use super::super::super::{Answer, Call, Failure, Handler, Records};

impl Handler for SwarmPeeringAdd {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let given = peers(&parse(&self.addresses)?)?;
        let network = call.network()?;
        let ids = given.iter().map(|peer| peer.peer.clone()).collect();
        for peer in given {
            network.swarm().add_peering(peer);
        }
        Ok(done(ids))
    }
}

impl Handler for SwarmPeeringRm {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let network = call.network()?;
        let ids = self
            .peers
            .iter()
            .map(|text| text.parse::<PeerId>())
            .collect::<Result<Vec<_>, _>>()?;
        for peer in &ids {
            network.swarm().remove_peering(peer);
        }
        Ok(done(ids))
    }
}

impl Handler for SwarmPeeringLs {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let peers = call.network()?.swarm().peerings();
        Ok(PeeringList {
            peers: peers.iter().map(to_record).collect(),
        })
    }
}

fn done(peers: Vec<PeerId>) -> Records<PeeringChange> {
    let records = peers.into_iter().map(|peer| {
        Ok(PeeringChange {
            id: peer.to_string(),
            status: "success".to_owned(),
        })
    });
    Records::stream(futures_util::stream::iter(records))
}
