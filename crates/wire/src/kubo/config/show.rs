//! `config/show`.

use serde_json::Value;

use crate::endpoint::{Body, ReplyKind};

endpoint! {
    /// Show the configuration without its secrets.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-config-show>
    pub struct ConfigShow: "config/show" {
        arguments {}
        options {
            /// Expand `auto` placeholders.
            expand_auto: bool = "expand-auto", false;
        }
        body: Body::Nothing,
        reply: ReplyKind::One, Value,
        text: |_, config, out| {
            out.push_str(&crate::text::pretty(config, b"  "));
            out.push('\n');
        },
    }
}
