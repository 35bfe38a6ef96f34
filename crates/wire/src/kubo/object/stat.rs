//! `object/stat`.

use serde::{Deserialize, Serialize};

use crate::text::human_bytes;

/// Sizes of a node in bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ObjectSizes {
    /// The node.
    pub hash: String,
    /// Links.
    pub num_links: u64,
    /// The whole block.
    pub block_size: u64,
    /// The block without its data.
    pub links_size: u64,
    /// The data.
    pub data_size: u64,
    /// The block and all that its links lead to, as far as they say.
    pub cumulative_size: u64,
}

command! {
    /// Show the sizes of a node.
    ///
    /// Kubo has removed this command; it works as in Kubo 0.7.
    /// <https://github.com/ipfs/kubo/blob/v0.7.0/core/commands/object/object.go>
    pub struct ObjectStat: "object/stat" {
        arguments {
            /// Path of the node.
            key: String = required "key",
        }
        options {
            /// Print human-readable sizes.
            human: bool = "human", false;
        }
        body: NoBody,
        reply: One<ObjectSizes>,
        safe: true,
        needs: Repository,
        text: |request, sizes, out| {
            let cumulative = if request.human {
                human_bytes(sizes.cumulative_size)
            } else {
                sizes.cumulative_size.to_string()
            };
            let row = |name: &str, value: String| [format!("{name}:"), value];
            crate::text::columns(
                &[
                    row("NumLinks", sizes.num_links.to_string()),
                    row("BlockSize", sizes.block_size.to_string()),
                    row("LinksSize", sizes.links_size.to_string()),
                    row("DataSize", sizes.data_size.to_string()),
                    row("CumulativeSize", cumulative),
                ],
                out,
            );
        },
    }
}
