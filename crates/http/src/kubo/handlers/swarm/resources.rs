//! `swarm/resources`.

use cairn_store::network::{ResourceScope, ResourceUsage, Scope};
use cairn_wire::kubo::swarm::resources::{ScopeUsage, SwarmResources, SwarmUsage};
use serde_json::Value;

use super::super::super::{Answer, Call, Failure, Handler};

impl Handler for SwarmResources {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        let network = call.node().network();
        let scopes = network.and_then(|network| network.swarm().resources());
        let scopes = scopes.ok_or_else(|| {
            Failure::normal(
                "missing ResourceMgr: make sure the daemon is running with Swarm.ResourceMgr.Enabled",
            )
        })?;
        let mut usage = SwarmUsage::default();
        for scope in scopes {
            let scope_usage = to_record(&scope);
            match scope.scope {
                Scope::System => usage.system = scope_usage,
                Scope::Transient => usage.transient = scope_usage,
                Scope::Service(name) => drop(usage.services.insert(name, scope_usage)),
                Scope::Protocol(name) => drop(usage.protocols.insert(name, scope_usage)),
                Scope::Peer(peer) => drop(usage.peers.insert(peer.to_string(), scope_usage)),
            }
        }
        Ok(usage)
    }
}

/// A limit may be the greatest number.
fn sum(inbound: u64, outbound: u64) -> u64 {
    inbound.saturating_add(outbound)
}

fn to_record(scope: &ResourceScope) -> ScopeUsage {
    let mut values = std::collections::BTreeMap::new();
    let of = |usage: &ResourceUsage| {
        [
            (
                "Conns",
                sum(usage.inbound_connections, usage.outbound_connections),
            ),
            ("ConnsInbound", usage.inbound_connections),
            ("ConnsOutbound", usage.outbound_connections),
            ("FD", usage.sockets),
            ("Memory", usage.memory),
            (
                "Streams",
                sum(usage.inbound_streams, usage.outbound_streams),
            ),
            ("StreamsInbound", usage.inbound_streams),
            ("StreamsOutbound", usage.outbound_streams),
        ]
    };
    let limits = scope.limit.as_ref().map(of);
    for (at, (name, used)) in of(&scope.usage).into_iter().enumerate() {
        let limit = limits.and_then(|limits| limits.get(at).map(|(_, limit)| *limit));
        // Kubo writes the limit of memory, a number of 64 bits, as text.
        let limit = match limit {
            None => Value::from("default"),
            Some(limit) if name == "Memory" => Value::from(limit.to_string()),
            Some(limit) => Value::from(limit),
        };
        values.insert(name.to_owned(), limit);
        values.insert(format!("{name}Usage"), Value::from(used));
    }
    ScopeUsage(values)
}
