//! What peers and tests report.

use std::collections::HashMap;

use libp2p::swarm::ConnectionId;
use libp2p::swarm::dial_opts::{DialOpts, PeerCondition};
use libp2p::{Multiaddr, PeerId, identify, mdns};

use super::Runner;
use crate::host::behaviour::BehaviourEvent;
use crate::host::book::{Identified, without_peer};
use crate::host::ping::Measured;
use crate::host::transport::ip_of;

/// Addresses that are taken from one identify message.
const MAX_IDENTIFIED: usize = 32;

/// Peers of one message of multicast DNS that are dialed.
const MAX_DISCOVERED: usize = 32;

impl Runner {
    pub(super) fn on_behaviour(&mut self, event: BehaviourEvent) {
        match event {
            BehaviourEvent::Identify(identify::Event::Received {
                peer_id,
                connection_id,
                info,
            }) => self.identified(peer_id, connection_id, info),
            BehaviourEvent::Ping(Measured {
                connection,
                latency,
            }) => {
                let mut state = self.shared.state.write();
                if let Some(open) = state.connections.get_mut(&connection) {
                    open.latency = Some(latency);
                }
            }
            BehaviourEvent::Reachability(event) => {
                self.tested(&event.tested_addr, event.result.is_ok());
            }
            BehaviourEvent::PortMapping(event) => tracing::info!(?event, "port mapping"),
            BehaviourEvent::Mdns(mdns::Event::Discovered(found)) => self.discovered(found),
            _ => {}
        }
    }

    fn tested(&mut self, address: &Multiaddr, passed: bool) {
        let mut state = self.shared.state.write();
        let is_reachable = state.test(address.clone(), passed);
        if !is_reachable {
            state.external.retain(|known| known != address);
        }
        let status = state.reachability();
        drop(state);
        if !is_reachable && !self.shared.policy.is_fixed(address) {
            self.swarm.remove_external_address(address);
        }
        self.shared.reachable.send_if_modified(|known| {
            let is_new = *known != status;
            *known = status;
            is_new
        });
    }

    fn identified(&mut self, peer: PeerId, id: ConnectionId, info: identify::Info) {
        let is_loopback = {
            let state = self.shared.state.read();
            let open = state.connections.get(&id);
            open.and_then(|open| ip_of(&open.address))
                .is_some_and(|ip| ip.is_loopback())
        };
        self.shared.book.identify(
            peer,
            Identified {
                public_key: Some(info.public_key.encode_protobuf()),
                agent: info.agent_version,
                protocols: info
                    .protocols
                    .iter()
                    .map(|name| name.as_ref().to_owned())
                    .collect(),
            },
        );
        // A loopback address of another machine leads to this one.
        let usable = info.listen_addrs.into_iter().filter(|address| {
            is_loopback || ip_of(address).is_none_or(|ip| !ip.is_loopback() && !ip.is_unspecified())
        });
        let addresses = usable.filter_map(|address| without_peer(&address, peer));
        for address in addresses.take(MAX_IDENTIFIED) {
            self.swarm.add_peer_address(peer, address);
        }
    }

    fn discovered(&mut self, found: Vec<(PeerId, Multiaddr)>) {
        let mut peers: HashMap<PeerId, Vec<Multiaddr>> = HashMap::new();
        for (peer, address) in found {
            let has_room = peers.len() < MAX_DISCOVERED || peers.contains_key(&peer);
            if has_room && let Some(address) = without_peer(&address, peer) {
                peers.entry(peer).or_default().push(address);
            }
        }
        for (peer, addresses) in peers {
            if peer == self.shared.local {
                continue;
            }
            let options = DialOpts::peer_id(peer)
                .addresses(addresses)
                .condition(PeerCondition::DisconnectedAndNotDialing)
                .build();
            if let Err(error) = self.swarm.dial(options) {
                tracing::debug!(%peer, %error, "does not dial a peer of the local network");
            }
        }
    }
}
