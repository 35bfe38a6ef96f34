//! `pin/rm`.

use cairn_primitives::ByteString;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

/// What was unpinned.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Unpinned {
    /// The roots.
    pub pins: Vec<String>,
}

command! {
    /// Remove pins; garbage collection may then remove the objects.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-pin-rm>
    pub struct PinRm: "pin/rm" {
        examples: [
            "{program} pin rm CID",
        ],
        arguments {
            /// Paths to unpin.
            paths: Vec<ByteString> = required "ipfs-path",
        }
        options {
            /// Remove recursive pins as well as direct ones.
            recursive: bool = "recursive" | "r", true;
        }
        body: NoBody,
        reply: One<Unpinned>,
        safe: false,
        needs: Repository,
        cli: Custom,
        xml: "PinOutput",
        text: |_, unpinned, out| {
            for pin in &unpinned.pins {
                let _ = writeln!(out, "unpinned {pin}");
            }
        },
    }
}
