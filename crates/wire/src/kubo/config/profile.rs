//! `config/profile/apply`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::endpoint::{Body, ReplyKind};
use crate::text::difference;

/// What a profile changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ProfileChange {
    /// The configuration before it, without its secrets.
    pub old_cfg: Value,
    /// The configuration with it, without its secrets.
    pub new_cfg: Value,
}

endpoint! {
    /// Applies a named set of changes to the configuration.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-config-profile-apply>
    pub struct ConfigProfileApply: "config/profile/apply" {
        arguments {
            /// The profile.
            profile: String = required "profile",
        }
        options {
            /// Only tell what would change.
            dry_run: bool = "dry-run", false;
        }
        body: Body::Nothing,
        reply: ReplyKind::One, ProfileChange,
        text: |_, change, out| difference(&change.old_cfg, &change.new_cfg, out),
    }
}
