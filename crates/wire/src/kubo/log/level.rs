//! `log/level`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Levels of the log, or what was changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct LogLevels {
    /// Level by part of the program; an empty name, or `(default)` in a list of all, for parts without their own level.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub levels: BTreeMap<String, String>,
    /// What was changed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
}

command! {
    /// Show or change the level of the log.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-log-level>
    pub struct LogLevel: "log/level" {
        examples: [
            "{program} log level cairn_http debug",
            "{program} log level all info",
        ],
        arguments {
            /// Part of the program, as `log ls` lists them; `all` or `*` for all.
            subsystem: Option<String> = optional "subsystem",
            /// Level: `debug`, `info`, `warn`, `error`, `fatal`, `panic`, `dpanic`; also `trace` and `off`; `default` for the level of all.
            level: Option<String> = optional "level",
        }
        options {}
        body: NoBody,
        reply: One<LogLevels>,
        safe: false,
        needs: Repository,
        text: |_, answer, out| {
            out.push_str(&answer.message);
            let names = answer.levels.len() > 1;
            for (part, level) in &answer.levels {
                if names {
                    crate::text::escaped(part, out);
                    out.push_str(": ");
                }
                out.push_str(level);
                out.push('\n');
            }
        },
    }
}
