//! `config/profile/apply`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::text::difference;

/// The changes of a profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ProfileChange {
    /// The previous configuration, without secrets.
    pub old_cfg: Value,
    /// The new configuration, without secrets.
    pub new_cfg: Value,
}

command! {
    /// Apply a configuration profile.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-config-profile-apply>
    pub struct ConfigProfileApply: "config/profile/apply" {
        arguments {
            /// Name of the profile.
            profile: String = required "profile",
        }
        options {
            /// Show the changes without applying them.
            dry_run: bool = "dry-run", false;
        }
        body: NoBody,
        reply: One<ProfileChange>,
        safe: false,
        needs: Repository,
        cli: Custom,
        text: |_, change, out| difference(&change.old_cfg, &change.new_cfg, out),
    }
}
