//! `config/replace`.

use crate::endpoint::{Body, ReplyKind};

endpoint! {
    /// Replace the configuration with a file, keeping its secrets.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-config-replace>
    pub struct ConfigReplace: "config/replace" {
        arguments {}
        options {}
        body: Body::Files { name: "file", many: false, recursive: false },
        reply: ReplyKind::Many, (),
        text: |_, (), _| (),
    }
}
