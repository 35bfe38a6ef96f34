//! `pin/ls`.

use cairn_primitives::ByteString;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::shape::Either;
use crate::text::escaped;

/// All pins.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinList {
    /// By CID.
    #[serde(rename = "Keys", default)]
    pub keys: BTreeMap<String, PinInfo>,
}

/// One pin of a stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PinnedItem {
    /// The CID.
    #[serde(rename = "Cid")]
    pub cid: String,
    /// How it is pinned.
    #[serde(flatten)]
    pub info: PinInfo,
}

/// How a block is pinned.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PinInfo {
    /// `recursive`, `direct`, `indirect`, or `indirect through CID`.
    pub r#type: String,
    /// The pin's name; absent from a stream if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

command! {
    /// List pinned objects.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-pin-ls>
    pub struct PinLs: "pin/ls" {
        examples: [
            "{program} pin ls",
            "{program} pin ls --type=recursive --names",
            "{program} pin ls CID",
        ],
        arguments {
            /// Show only these paths.
            paths: Vec<ByteString> = optional "ipfs-path",
        }
        options {
            /// Type of pins to list: `direct`, `indirect`, `recursive` or `all`.
            r#type: String = "type" | "t", "all".to_owned(), values ["all", "direct", "indirect", "recursive"];
            /// Print only CIDs.
            quiet: bool = "quiet" | "q", false;
            /// List only pins whose name contains this text.
            name: Option<String> = "name" | "n", None;
            /// Print pins as they are read.
            stream: bool = "stream" | "s", false;
            /// Include pin names.
            names: bool = "names", false;
        }
        body: NoBody,
        reply: One<PinList>,
        if stream: Many<PinnedItem>,
        safe: true,
        needs: Repository,
        cli: Custom,
        text: |request, list, out| match list {
            Either::One(all) => all.keys.iter().for_each(|(cid, info)| line(request.quiet, cid, info, out)),
            Either::Each(pin) => line(request.quiet, &pin.cid, &pin.info, out),
        },
    }
}

fn line(quiet: bool, cid: &str, info: &PinInfo, out: &mut String) {
    out.push_str(cid);
    if !quiet {
        out.push(' ');
        out.push_str(&info.r#type);
        if let Some(name) = info.name.as_deref().filter(|name| !name.is_empty()) {
            out.push(' ');
            escaped(name, out);
        }
    }
    out.push('\n');
}
