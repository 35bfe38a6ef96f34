//! `GET /health`.

use super::super::Cluster;
use crate::shape::NoBody;

endpoint! {
    /// Check that the peer answers.
    ///
    /// <https://ipfscluster.io/documentation/reference/api/#list-of-endpoints>
    pub struct GetHealth: GET "/health" as "getHealth" of Cluster {
        path {}
        query {}
        body: NoBody,
        reply: 204 Nothing,
        errors: [],
        access: Open,
        safe: true,
        command: "cluster/health/check",
    }
}
