//! `GET /health/graph`.

use super::super::{Cluster, ConnectGraph};
use crate::shape::NoBody;

endpoint! {
    /// Show who is connected to whom.
    ///
    /// <https://ipfscluster.io/documentation/reference/api/#list-of-endpoints>
    pub struct GetGraph: GET "/health/graph" as "getGraph" of Cluster {
        path {}
        query {}
        body: NoBody,
        reply: 200 One<ConnectGraph>,
        errors: [401],
        access: Scope("cluster"),
        safe: true,
        command: "cluster/health/graph",
    }
}
