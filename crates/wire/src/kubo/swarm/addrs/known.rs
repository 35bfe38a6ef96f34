//! `swarm/addrs`.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use crate::text::escaped;

/// Addresses by peer ID.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct KnownAddresses {
    /// Multiaddrs of each peer.
    #[serde(default)]
    pub addrs: BTreeMap<String, Vec<String>>,
}

command! {
    /// List the known addresses of peers.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-swarm-addrs>
    pub struct SwarmAddrs: "swarm/addrs" {
        arguments {}
        options {}
        body: NoBody,
        reply: One<KnownAddresses>,
        safe: true,
        needs: Repository,
        text: |_, known, out| {
            for (peer, addresses) in &known.addrs {
                let _ = writeln!(out, "{peer} ({})", addresses.len());
                for address in addresses {
                    out.push('\t');
                    escaped(address, out);
                    out.push('\n');
                }
            }
        },
    }
}
