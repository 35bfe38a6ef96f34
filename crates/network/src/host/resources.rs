//! What connections use: streams, bytes, and the limits.

use std::collections::BTreeMap;
use std::sync::Weak;

use cairn_primitives::keys::PeerId;
use cairn_store::network::{Bandwidth, Direction, ResourceScope, ResourceUsage, Scope, Traffic};

use super::start::Host;

impl Host {
    /// Usage by scope, and of the whole node.
    fn usage(&self) -> (BTreeMap<Scope, ResourceUsage>, ResourceUsage) {
        let mut scopes: BTreeMap<Scope, ResourceUsage> = BTreeMap::new();
        let mut system = ResourceUsage::default();
        let state = self.shared.state.read();
        for open in state.connections.values() {
            let peer = open.peer.into();
            let meter = open.meter.as_ref().and_then(Weak::upgrade);
            let (inbound, outbound) = meter
                .as_ref()
                .map(|meter| meter.counts())
                .unwrap_or_default();
            let of_peer = scopes.entry(Scope::Peer(peer)).or_default();
            for usage in [of_peer, &mut system] {
                match open.direction {
                    Direction::Inbound => usage.inbound_connections += 1,
                    Direction::Outbound => usage.outbound_connections += 1,
                }
                usage.inbound_streams += inbound as u64;
                usage.outbound_streams += outbound as u64;
                usage.sockets += 1;
            }
        }
        let transient = ResourceUsage {
            inbound_connections: state.pending.0,
            outbound_connections: state.pending.1,
            ..ResourceUsage::default()
        };
        scopes.insert(Scope::Transient, transient);
        (scopes, system)
    }

    /// What connections use, and their limits; `None` without limits.
    pub(super) fn resource_scopes(&self) -> Option<Vec<ResourceScope>> {
        let limits = &self.shared.limits;
        if !limits.enabled {
            return None;
        }
        let (scopes, system) = self.usage();
        let system_limit = ResourceUsage {
            inbound_connections: limits.inbound.into(),
            outbound_connections: limits.outbound.into(),
            inbound_streams: u64::from(limits.total) * limits.streams as u64,
            outbound_streams: u64::MAX,
            sockets: limits.total.into(),
            memory: limits.memory.map_or(u64::MAX, |bytes| bytes as u64),
        };
        let peer_limit = ResourceUsage {
            inbound_connections: limits.per_peer.into(),
            outbound_connections: limits.per_peer.into(),
            inbound_streams: u64::from(limits.per_peer) * limits.streams as u64,
            outbound_streams: u64::MAX,
            sockets: limits.per_peer.into(),
            memory: u64::MAX,
        };
        let transient_limit = ResourceUsage {
            inbound_connections: limits.pending_inbound.into(),
            outbound_connections: limits.pending_outbound.into(),
            sockets: u64::from(limits.pending_inbound) + u64::from(limits.pending_outbound),
            ..ResourceUsage::default()
        };
        let others = scopes.into_iter().map(|(scope, usage)| ResourceScope {
            limit: Some(match &scope {
                Scope::Transient => transient_limit,
                _ => peer_limit,
            }),
            scope,
            usage,
        });
        let system = ResourceScope {
            scope: Scope::System,
            usage: system,
            limit: Some(system_limit),
        };
        Some(std::iter::once(system).chain(others).collect())
    }
}

impl Bandwidth for Host {
    fn total(&self) -> Traffic {
        self.shared.meters.total()
    }

    fn of_peer(&self, peer: &PeerId) -> Traffic {
        self.shared.meters.of_peer(&peer.into())
    }

    fn of_protocol(&self, protocol: &str) -> Traffic {
        self.shared.meters.of_protocol(protocol)
    }
}

impl Host {
    /// The counters of bytes; `None` when they are turned off.
    #[must_use]
    pub fn bandwidth(&self) -> Option<&dyn Bandwidth> {
        self.shared
            .meters
            .count_bytes()
            .then_some(self as &dyn Bandwidth)
    }
}
