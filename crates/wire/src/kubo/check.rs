//! `check`, a command of Cairn only.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

/// A step of a check.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct CheckStep {
    /// What it looks at: `stored`, `announced`, `reachable`, `connected`, `offered`, or `result`, which is the last.
    pub step: String,
    /// `ok`, `failed`, `unknown`, or `skipped` if it does not matter.
    pub status: String,
    /// The peer that it is about; empty without one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub peer: String,
    /// What was found.
    pub text: String,
    /// What to do; empty without advice.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub hint: String,
}

impl CheckStep {
    /// The name of the last step.
    pub const RESULT: &str = "result";

    /// The status of a step that holds.
    pub const OK: &str = "ok";

    fn line(&self, out: &mut String) {
        let status = match &*self.status {
            "unknown" => "not known",
            "skipped" => "-",
            other => other,
        };
        let mut text = String::new();
        if !self.peer.is_empty() {
            text.push_str(&self.peer);
            text.push_str(": ");
        }
        text.push_str(&self.text);
        let _ = write!(out, "{:<10} {status:<10} ", self.step);
        crate::text::escaped(&text, out);
        out.push('\n');
        if !self.hint.is_empty() {
            let _ = write!(out, "{:<21} -> ", "");
            crate::text::escaped(&self.hint, out);
            out.push('\n');
        }
    }
}

command! {
    /// Check whether others can fetch content.
    ///
    /// Checks what another peer needs to fetch the content: a provider that is announced in the DHT or at an HTTP router, can be
    /// connected to, and has the block. If the content is stored here, this node is checked as a provider; of any content, other
    /// providers are checked too. Each step is printed with its status, and what to do where it failed.
    ///
    /// The exit code is 0 only if others can fetch the content. What has not ended within `--timeout` (30 seconds by default) is
    /// reported as not known.
    ///
    /// <https://docs.ipfs.tech/how-to/troubleshooting/>
    pub struct Check: "check" {
        examples: [
            "{program} check bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi",
            "{program} check CID --via /ip4/192.0.2.1/tcp/4001/p2p/12D3KooWLQzUv2FHWGVPXTXSZpdHs7oHbXub2G5WC8Tx4NQhyd2d",
        ],
        arguments {
            /// The root of the content: a CID, or `/ipfs/CID`.
            cid: String = required "cid",
        }
        options {
            /// Check only this provider: its peer ID, or a multiaddr that ends in one.
            via: Option<String> = "via", None;
            /// Check whether all blocks of the DAG are stored here, not only the root.
            recursive: bool = "recursive" | "r", false;
        }
        body: NoBody,
        reply: Many<CheckStep>,
        safe: true,
        needs: Repository,
        cli: Custom,
        text: |_, step, out| step.line(out),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_lines() {
        let mut step = CheckStep {
            step: "connected".to_owned(),
            status: "unknown".to_owned(),
            peer: "12D3Koo".to_owned(),
            text: "it did not\nanswer".to_owned(),
            hint: "try again".to_owned(),
        };
        let mut out = String::new();
        step.line(&mut out);
        step.hint.clear();
        step.peer.clear();
        step.status = CheckStep::OK.to_owned();
        step.line(&mut out);
        let pad = " ".repeat(22);
        let expected = format!(
            "connected  not known  12D3Koo: it did not\\u{{a}}answer\n{pad}-> try again\n\
             connected  ok         it did not\\u{{a}}answer\n"
        );
        assert_eq!(out, expected);
    }
}
