//! `DELETE /pins/{cid}`.

use super::super::{CidText, Cluster, Pin};
use crate::shape::NoBody;

endpoint! {
    /// Unpin a CID.
    ///
    /// The root of sharded content is unpinned with its shards. A shard cannot be unpinned on its own (500).
    ///
    /// <https://ipfscluster.io/documentation/reference/api/#list-of-endpoints>
    pub struct RemovePin: DELETE "/pins/{cid}" as "removePin" of Cluster {
        path {
            /// The CID.
            cid: CidText = "cid";
        }
        query {}
        body: NoBody,
        reply: 200 One<Pin>,
        errors: [400, 401, 404, 500],
        access: Scope("cluster"),
        safe: false,
        command: "cluster/pin/rm",
    }
}
