//! `diag/sys`.

use serde_json::Value;

command! {
    /// Show information about the system and the process.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-diag-sys>
    pub struct DiagSys: "diag/sys" {
        arguments {}
        options {}
        body: NoBody,
        reply: One<Value>,
        safe: true,
        needs: Repository,
        text: |_, system, out| {
            out.push_str(&system.to_string());
            out.push('\n');
        },
    }
}
