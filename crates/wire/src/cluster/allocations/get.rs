//! `GET /allocations/{cid}`.

use super::super::{CidText, Cluster, Pin};
use crate::shape::NoBody;

endpoint! {
    /// Show a pin of the pinset.
    ///
    /// <https://ipfscluster.io/documentation/reference/api/#list-of-endpoints>
    pub struct GetAllocation: GET "/allocations/{cid}" as "getAllocation" of Cluster {
        path {
            /// The CID.
            cid: CidText = "cid";
        }
        query {}
        body: NoBody,
        reply: 200 One<Pin>,
        errors: [400, 401, 404],
        access: Scope("cluster"),
        safe: true,
        command: "cluster/pin/get",
    }
}
