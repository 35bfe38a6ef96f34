//! `GET /monitor/metrics/{name}`.

use super::super::{Cluster, Metric};
use crate::shape::NoBody;

endpoint! {
    /// List a metric of the peers. An unknown one has no values.
    ///
    /// <https://ipfscluster.io/documentation/reference/api/#list-of-endpoints>
    pub struct GetMetrics: GET "/monitor/metrics/{name}" as "getMetrics" of Cluster {
        path {
            /// The name of the metric.
            name: String = "name";
        }
        query {}
        body: NoBody,
        reply: 200 One<Vec<Metric>>,
        errors: [401],
        access: Scope("cluster"),
        safe: true,
        command: "cluster/health/metrics",
    }
}
