//! `pin/add`.

use cairn_primitives::ByteString;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use crate::shape::Either;

/// Pinned roots, or progress.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Pinned {
    /// The roots; absent from a progress record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pins: Option<Vec<String>>,
    /// Blocks seen so far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<u64>,
    /// Their bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
}

command! {
    /// Pin objects so that garbage collection keeps them.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-pin-add>
    pub struct PinAdd: "pin/add" {
        examples: [
            "{program} pin add CID",
            "{program} pin add --name=backup CID",
        ],
        arguments {
            /// Paths to pin.
            paths: Vec<ByteString> = required "ipfs-path",
        }
        options {
            /// Pin everything that the object links to.
            recursive: bool = "recursive" | "r", true;
            /// Name of the pin.
            name: Option<String> = "name" | "n", None;
            /// Show progress.
            progress: bool = "progress", false;
            /// Announce the root before all other content [default: true].
            fast_provide_root: Option<bool> = "fast-provide-root", None;
            /// With `--fast-provide-wait`, announce the whole DAG and not only the root.
            fast_provide_dag: Option<bool> = "fast-provide-dag", None;
            /// Wait until peers have taken the announcement.
            fast_provide_wait: Option<bool> = "fast-provide-wait", None;
        }
        body: NoBody,
        reply: One<Pinned>,
        if progress: Many<Pinned>,
        never_empty: true,
        safe: false,
        needs: Repository,
        cli: Custom,
        text: |request, Either::One(pinned) | Either::Each(pinned), out| {
            let how = if request.recursive { "recursively" } else { "directly" };
            for pin in pinned.pins.iter().flatten() {
                let _ = writeln!(out, "pinned {pin} {how}");
            }
        },
    }
}
