//! `GET /monitor/metrics`.

use super::super::Cluster;
use crate::shape::NoBody;

endpoint! {
    /// List the names of metrics.
    ///
    /// <https://ipfscluster.io/documentation/reference/api/#list-of-endpoints>
    pub struct GetMetricNames: GET "/monitor/metrics" as "getMetricNames" of Cluster {
        path {}
        query {}
        body: NoBody,
        reply: 200 One<Vec<String>>,
        errors: [401],
        access: Scope("cluster"),
        safe: true,
        command: "cluster/health/metric-names",
    }
}
