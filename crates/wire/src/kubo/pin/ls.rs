//! `pin/ls`.

use cairn_primitives::ByteString;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::endpoint::{Body, ReplyKind};
use crate::text::escaped;

/// All pins, or, in a stream, one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum PinList {
    /// All of them.
    All {
        /// By CID.
        #[serde(rename = "Keys")]
        keys: BTreeMap<String, PinInfo>,
    },
    /// One of a stream.
    One {
        /// The CID.
        #[serde(rename = "Cid")]
        cid: String,
        /// What keeps it.
        #[serde(flatten)]
        info: PinInfo,
    },
    /// Nothing is pinned.
    Empty {},
}

/// How a block is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PinInfo {
    /// `recursive`, `direct`, `indirect`, or `indirect through CID`.
    pub r#type: String,
    /// The pin's name; absent from a stream when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

endpoint! {
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
        body: Body::Nothing,
        reply: ReplyKind::Many, PinList,
        text: |request, list, out| match list {
            PinList::All { keys } => keys.iter().for_each(|(cid, info)| line(request.quiet, cid, info, out)),
            PinList::One { cid, info } => line(request.quiet, cid, info, out),
            PinList::Empty {} => (),
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
