//! `diag/cmds`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::text::{columns, escaped};

/// A request to a daemon.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RequestEntry {
    /// When it began, as RFC 3339.
    pub start_time: String,
    /// When it ended, as RFC 3339; `0001-01-01T00:00:00Z` while it runs.
    pub end_time: String,
    /// Whether it runs.
    pub active: bool,
    /// The path of the command, as in `block/put`.
    pub command: String,
    /// Its options.
    #[serde(default, deserialize_with = "crate::json::null_as_default")]
    pub options: BTreeMap<String, Value>,
    /// Its arguments; `***` for one that is secret.
    #[serde(default, deserialize_with = "crate::json::null_as_default")]
    pub args: Vec<String>,
    /// Its number.
    #[serde(rename = "ID")]
    pub id: u64,
}

fn table(verbose: bool, entries: &[RequestEntry], out: &mut String) {
    let text = |text: &str| {
        let mut out = String::new();
        escaped(text, &mut out);
        out
    };
    let row = |entry: &RequestEntry| {
        let options = entry
            .options
            .iter()
            .map(|(name, value)| format!("{name}={value},"));
        [
            entry.id.to_string(),
            entry.command.clone(),
            text(&format!("[{}]", entry.args.join(" "))),
            text(&format!("[{}]", options.collect::<String>())),
            entry.active.to_string(),
            entry.start_time.clone(),
            if entry.active {
                String::new()
            } else {
                entry.end_time.clone()
            },
        ]
    };
    let head = [
        "ID",
        "Command",
        "Arguments",
        "Options",
        "Active",
        "StartTime",
        "EndTime",
    ];
    let rows = std::iter::once(head.map(str::to_owned)).chain(entries.iter().map(row));
    if verbose {
        columns(&rows.collect::<Vec<_>>(), out);
        return;
    }
    let short: Vec<_> = rows
        .map(|[_, command, _, _, active, start, end]| [command, active, start, end])
        .collect();
    columns(&short, out);
}

command! {
    /// List the commands that are running and those that ran recently.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-diag-cmds>
    pub struct DiagCmds: "diag/cmds" {
        arguments {}
        options {
            /// Include arguments and options.
            verbose: bool = "verbose" | "v", false;
        }
        body: NoBody,
        reply: One<Vec<RequestEntry>>,
        safe: true,
        needs: Repository,
        text: |request, entries, out| table(request.verbose, entries, out),
    }
}
