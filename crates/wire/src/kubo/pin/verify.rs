//! `pin/verify`.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

/// The state of a recursive pin.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct CheckedPin {
    /// The pin.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub cid: String,
    /// Why it could not be checked.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub err: String,
    /// Whether it is complete.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub ok: bool,
    /// The bad blocks below it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub bad_nodes: Vec<BadNode>,
}

/// A block that is missing or cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct BadNode {
    /// The block.
    pub cid: String,
    /// The error.
    pub err: String,
}

command! {
    /// Verify that recursive pins are complete.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-pin-verify>
    pub struct PinVerify: "pin/verify" {
        arguments {}
        options {
            /// Also list complete pins.
            verbose: bool = "verbose", false;
            /// Print only the CIDs of broken pins.
            quiet: bool = "quiet" | "q", false;
        }
        body: NoBody,
        reply: Many<CheckedPin>,
        safe: true,
        needs: Repository,
        text: |request, pin, out| {
            // A formatted write into text cannot fail.
            let _ = if request.quiet {
                if pin.ok { Ok(()) } else { writeln!(out, "{}", pin.cid) }
            } else if !pin.err.is_empty() {
                writeln!(out, "error: {}", pin.err)
            } else {
                let state = if pin.ok { "ok" } else { "broken" };
                let _ = writeln!(out, "{} {state}", pin.cid);
                pin.bad_nodes.iter().try_for_each(|bad| writeln!(out, "  {}: {}", bad.cid, bad.err))
            };
        },
    }
}
