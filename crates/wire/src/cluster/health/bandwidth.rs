//! `GET /health/bandwidth`.

use std::collections::BTreeMap;

use super::super::{Bandwidth, Cluster};
use crate::shape::NoBody;

endpoint! {
    /// Show the traffic of the peer by protocol. `{}` if it is not measured.
    ///
    /// <https://ipfscluster.io/documentation/reference/api/#list-of-endpoints>
    pub struct GetBandwidth: GET "/health/bandwidth" as "getBandwidth" of Cluster {
        path {}
        query {}
        body: NoBody,
        reply: 200 One<BTreeMap<String, Bandwidth>>,
        errors: [401],
        access: Scope("cluster"),
        safe: true,
        command: "cluster/health/bandwidth",
    }
}
