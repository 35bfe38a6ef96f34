//! `GET /health/alerts`.

use super::super::{Alert, Cluster};
use crate::shape::NoBody;

endpoint! {
    /// List the newest alerts: metrics of peers that have expired.
    ///
    /// <https://ipfscluster.io/documentation/reference/api/#list-of-endpoints>
    pub struct GetAlerts: GET "/health/alerts" as "getAlerts" of Cluster {
        path {}
        query {}
        body: NoBody,
        reply: 200 One<Vec<Alert>>,
        errors: [401],
        access: Scope("cluster"),
        safe: true,
        command: "cluster/health/alerts",
    }
}
