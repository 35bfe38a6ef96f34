//! `bitswap/stat`.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use crate::kubo::CidLink;
use crate::text::human_bytes;

/// What was exchanged since the daemon started.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct BitswapCounts {
    /// CIDs of the blocks that are being fetched.
    #[serde(default, deserialize_with = "crate::json::null_as_default")]
    pub wantlist: Vec<CidLink>,
    /// IDs of the peers with which blocks were exchanged.
    #[serde(default, deserialize_with = "crate::json::null_as_default")]
    pub peers: Vec<String>,
    /// Blocks received.
    pub blocks_received: u64,
    /// Bytes of blocks received.
    pub data_received: u64,
    /// Blocks received more than once.
    pub dup_blks_received: u64,
    /// Bytes of blocks received more than once.
    pub dup_data_received: u64,
    /// Messages received.
    pub messages_received: u64,
    /// Blocks sent.
    pub blocks_sent: u64,
    /// Bytes of blocks sent.
    pub data_sent: u64,
}

impl BitswapCounts {
    fn lines(&self, verbose: bool, human: bool, out: &mut String) {
        let size = |bytes: u64| {
            if human {
                human_bytes(bytes)
            } else {
                bytes.to_string()
            }
        };
        let _ = writeln!(
            out,
            "bitswap status\n\tblocks received: {}\n\tblocks sent: {}\n\tdata received: {}\n\tdata sent: {}",
            self.blocks_received,
            self.blocks_sent,
            size(self.data_received),
            size(self.data_sent),
        );
        let _ = writeln!(
            out,
            "\tdup blocks received: {}\n\tdup data received: {}\n\twantlist [{} keys]",
            self.dup_blks_received,
            size(self.dup_data_received),
            self.wantlist.len(),
        );
        for key in &self.wantlist {
            let _ = writeln!(out, "\t\t{}", key.cid);
        }
        let _ = writeln!(out, "\tpartners [{}]", self.peers.len());
        for peer in self.peers.iter().filter(|_| verbose) {
            let _ = writeln!(out, "\t\t{peer}");
        }
    }
}

command! {
    /// Show statistics of the exchange of blocks.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-bitswap-stat>
    pub struct BitswapStat: "bitswap/stat" {
        arguments {}
        options {
            /// List the peers.
            verbose: bool = "verbose" | "v", false;
            /// Print human-readable sizes.
            human: bool = "human", false;
        }
        body: NoBody,
        reply: One<BitswapCounts>,
        safe: true,
        needs: Repository,
        aliases: ["stats/bitswap"],
        text: |request, counts, out| counts.lines(request.verbose, request.human, out),
    }
}
