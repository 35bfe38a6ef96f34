//! `swarm/addrs/autonat`.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use crate::text::escaped;

/// Whether this node can be reached from the internet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReachableAddresses {
    /// `Public`, `Private` or `Unknown`.
    pub reachability: String,
    /// Addresses that can be reached.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reachable: Vec<String>,
    /// Addresses that cannot be reached.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unreachable: Vec<String>,
    /// Addresses that were not tested yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<String>,
}

command! {
    /// Show which addresses of this node can be reached from the internet.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-swarm-addrs-autonat>
    pub struct SwarmAddrsAutonat: "swarm/addrs/autonat" {
        arguments {}
        options {}
        body: NoBody,
        reply: One<ReachableAddresses>,
        safe: true,
        needs: Repository,
        text: |_, found, out| {
            let _ = writeln!(out, "AutoNAT V2 Status:\n  Reachability: {}\n\nPer-Address Reachability:", found.reachability);
            let sections = [("Reachable", &found.reachable), ("Unreachable", &found.unreachable), ("Unknown", &found.unknown)];
            if sections.iter().all(|(_, addresses)| addresses.is_empty()) {
                out.push_str("  (no address reachability data available)\n");
            }
            for (name, addresses) in sections.into_iter().filter(|(_, addresses)| !addresses.is_empty()) {
                let _ = writeln!(out, "  {name}:");
                for address in addresses {
                    out.push_str("    ");
                    escaped(address, out);
                    out.push('\n');
                }
            }
        },
    }
}
