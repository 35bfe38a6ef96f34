//! `GET /allocations`.

use super::super::{Cluster, Pin, PinTypeFilter};
use crate::shape::NoBody;

endpoint! {
    /// List the pins of the pinset.
    ///
    /// <https://ipfscluster.io/documentation/reference/api/#list-of-endpoints>
    pub struct GetAllocations: GET "/allocations" as "getAllocations" of Cluster {
        path {}
        query {
            /// Only pins of these types; all without any.
            filter: Vec<PinTypeFilter> = List "filter";
        }
        body: NoBody,
        reply: 200 Many<Pin>,
        errors: [400, 401],
        access: Scope("cluster"),
        safe: true,
        command: "cluster/pin/ls",
    }
}
