//! `config`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::endpoint::{Body, ReplyKind};

/// A setting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Setting {
    /// Its dotted name.
    pub key: String,
    /// Its value.
    pub value: Value,
}

endpoint! {
    /// Reads or writes a setting.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-config>
    pub struct Config: "config" {
        arguments {
            /// The dotted name, as in `Addresses.API`.
            key: String = required "key",
            /// The value to write.
            value: Option<String> = optional "value",
        }
        options {
            /// The value is `true` or `false`.
            bool: bool = "bool", false;
            /// The value is JSON.
            json: bool = "json", false;
            /// Show what `auto` stands for.
            expand_auto: bool = "expand-auto", false;
        }
        body: Body::Nothing,
        reply: ReplyKind::One, Setting,
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
