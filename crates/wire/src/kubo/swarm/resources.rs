//! `swarm/resources`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What connections use, by scope.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SwarmUsage {
    /// All of the node.
    #[serde(default, skip_serializing_if = "ScopeUsage::is_empty")]
    pub system: ScopeUsage,
    /// Resources that are not yet attributed to a peer.
    #[serde(default, skip_serializing_if = "ScopeUsage::is_empty")]
    pub transient: ScopeUsage,
    /// By service.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub services: BTreeMap<String, ScopeUsage>,
    /// By protocol.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub protocols: BTreeMap<String, ScopeUsage>,
    /// By peer.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub peers: BTreeMap<String, ScopeUsage>,
}

/// Limits and usage of one scope: `Conns`, `ConnsUsage`, `Memory`, `MemoryUsage` and so on. A limit is a number, `unlimited`,
/// `blockAll` or `default`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ScopeUsage(pub BTreeMap<String, Value>);

impl ScopeUsage {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn lines(&self, scope: &str, out: &mut String) {
        for (name, usage) in &self.0 {
            if let Some(limit) = name.strip_suffix("Usage") {
                let most = self.0.get(limit).map(Value::to_string).unwrap_or_default();
                let _ = writeln!(out, "{scope}\t{limit}\t{}\t{usage}", most.trim_matches('"'));
            }
        }
    }
}

command! {
    /// Show the resources that connections use.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-swarm-resources>
    pub struct SwarmResources: "swarm/resources" {
        arguments {}
        options {}
        body: NoBody,
        reply: One<SwarmUsage>,
        safe: true,
        needs: Repository,
        text: |_, usage, out| {
            out.push_str("Scope\tLimit Name\tLimit Value\tLimit Usage Amount\n");
            usage.system.lines("system", out);
            usage.transient.lines("transient", out);
            for (kind, scopes) in [("svc", &usage.services), ("proto", &usage.protocols), ("peer", &usage.peers)] {
                for (name, scope) in scopes {
                    scope.lines(&format!("{kind}:{name}"), out);
                }
            }
        },
    }
}
