//! Users of the REST API.

use crate::shared::Millis;

/// A user of the cluster's REST API.
#[derive(Clone, PartialEq, Eq)]
pub struct ClusterUser {
    /// The name.
    pub name: String,
    /// The hash of the password.
    pub hash: String,
    /// Signs the user's tokens.
    pub secret: Vec<u8>,
    /// When the password was set.
    pub created: Millis,
}

impl std::fmt::Debug for ClusterUser {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("ClusterUser")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
