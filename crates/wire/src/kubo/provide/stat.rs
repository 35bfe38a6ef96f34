//! `provide/stat`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Statistics of announcements, by the kind of announcer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ProvideCounts {
    /// Of one that sweeps through the key space; `null` when another is used.
    #[serde(default)]
    pub sweep: Value,
    /// Of one that announces each CID by itself; `null` when another is used.
    #[serde(default)]
    pub legacy: Value,
    /// Whether a full routing table is kept.
    #[serde(rename = "FullRT", default)]
    pub full_rt: bool,
}

command! {
    /// Show statistics of announcements.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-provide-stat>
    pub struct ProvideStat: "provide/stat" {
        arguments {}
        options {
            /// Show statistics of the local network.
            lan: bool = "lan", false;
            /// Show all sections.
            all: bool = "all" | "a", false;
            /// Print in two columns.
            compact: bool = "compact", false;
            /// Show the connectivity.
            connectivity: bool = "connectivity", false;
            /// Show statistics of the network.
            network: bool = "network", false;
            /// Show the schedule.
            schedule: bool = "schedule", false;
            /// Show timings.
            timings: bool = "timings", false;
            /// Show the workers.
            workers: bool = "workers", false;
            /// Show operations.
            operations: bool = "operations", false;
            /// Show the queues.
            queues: bool = "queues", false;
        }
        body: NoBody,
        reply: One<ProvideCounts>,
        safe: true,
        needs: Repository,
        aliases: ["stats/provide", "stats/reprovide"],
        text: |_, counts, out| {
            for (section, values) in [("Sweep", &counts.sweep), ("Legacy", &counts.legacy)] {
                if !values.is_null() {
                    out.push_str(section);
                    out.push_str(":\n");
                    out.push_str(&crate::text::pretty(values, b"  "));
                    out.push('\n');
                }
            }
        },
    }
}
