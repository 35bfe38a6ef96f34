//! `config/show`.

use serde_json::Value;

command! {
    /// Show the configuration without its secrets.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-config-show>
    pub struct ConfigShow: "config/show" {
        arguments {}
        options {
            /// Expand `auto` placeholders.
            expand_auto: bool = "expand-auto", false;
        }
        body: NoBody,
        reply: One<Value>,
        safe: true,
        needs: Repository,
        text: |_, config, out| {
            out.push_str(&crate::text::pretty(config, b"  "));
            out.push('\n');
        },
    }
}
