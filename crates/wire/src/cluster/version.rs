//! `GET /version`.

use super::{Cluster, Version};
use crate::shape::NoBody;

endpoint! {
    /// Show the version of the peer.
    ///
    /// <https://ipfscluster.io/documentation/reference/api/#list-of-endpoints>
    pub struct GetVersion: GET "/version" as "getVersion" of Cluster {
        path {}
        query {}
        body: NoBody,
        reply: 200 One<Version>,
        errors: [401],
        access: Scope("cluster"),
        safe: true,
        command: "cluster/version",
    }
}
