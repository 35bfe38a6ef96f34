//! `bitswap/wantlist`.

use serde::{Deserialize, Serialize};

use crate::kubo::CidLink;

/// Blocks that are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct WantedBlocks {
    /// Their CIDs; `null` for an unknown peer.
    #[serde(default)]
    pub keys: Option<Vec<CidLink>>,
}

command! {
    /// List the blocks that are being fetched.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-bitswap-wantlist>
    pub struct BitswapWantlist: "bitswap/wantlist" {
        arguments {}
        options {
            /// List what this peer wants, instead of this node.
            peer: Option<String> = "peer" | "p", None;
        }
        body: NoBody,
        reply: One<WantedBlocks>,
        safe: true,
        needs: Repository,
        text: |_, list, out| {
            let mut keys: Vec<&str> = list.keys.iter().flatten().map(|key| &*key.cid).collect();
            keys.sort_unstable();
            for key in keys {
                out.push_str(key);
                out.push('\n');
            }
        },
    }
}
