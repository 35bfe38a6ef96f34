//! The list of bootstrap peers.

use serde::{Deserialize, Serialize};

pub mod add;
pub mod list;
pub mod rm;
pub mod rm_all;

/// Addresses of bootstrap peers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct BootstrapPeers {
    /// Multiaddrs that end in a peer ID.
    #[serde(default, deserialize_with = "crate::json::null_as_default")]
    pub peers: Vec<String>,
}

impl BootstrapPeers {
    /// Writes a line for each peer, sorted.
    fn lines(&self, prefix: &str, out: &mut String) {
        let mut peers: Vec<&String> = self.peers.iter().collect();
        peers.sort();
        for peer in peers {
            out.push_str(prefix);
            crate::text::escaped(peer, out);
            out.push('\n');
        }
    }
}
