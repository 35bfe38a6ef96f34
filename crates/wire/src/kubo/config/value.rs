//! `config`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A setting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Setting {
    /// Its dotted name.
    pub key: String,
    /// Its value.
    pub value: Value,
}

command! {
    /// Get or set a configuration value.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-config>
    pub struct Config: "config" {
        examples: [
            "{program} config Addresses.API",
            "{program} config Addresses.Gateway /ip4/127.0.0.1/tcp/8081",
            "{program} config --bool Gateway.NoFetch true",
            "{program} config --json Datastore.StorageGCWatermark 80",
        ],
        arguments {
            /// Dotted key, as in `Addresses.API`.
            key: String = required "key",
            /// Value to set.
            value: Option<String> = optional secret "value",
        }
        options {
            /// Parse the value as a boolean, `true` or `false`.
            bool: bool = "bool", false;
            /// Parse the value as JSON.
            json: bool = "json", false;
            /// Expand `auto` placeholders.
            expand_auto: bool = "expand-auto", false;
        }
        body: NoBody,
        reply: One<Setting>,
        safe: false,
        needs: Repository,
        cli: Custom,
        text: |request, setting, out| {
            if request.value.is_some() {
                return;
            }
            match &setting.value {
                Value::String(text) => out.push_str(text),
                other => out.push_str(&crate::text::pretty(other, b"  ")),
            }
            out.push('\n');
        },
    }
}
