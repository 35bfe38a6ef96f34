//! `GET /pins/{cid}`.

use super::super::{CidText, Cluster, GlobalPinInfo};
use crate::shape::NoBody;

endpoint! {
    /// Show the status of a CID.
    ///
    /// A CID that is not in the pinset is no error: it is `unpinned` on every peer.
    ///
    /// <https://ipfscluster.io/documentation/reference/api/#list-of-endpoints>
    pub struct GetStatus: GET "/pins/{cid}" as "getStatus" of Cluster {
        path {
            /// The CID.
            cid: CidText = "cid";
        }
        query {
            /// Only on the answering peer.
            local: bool = Value "local", default false;
        }
        body: NoBody,
        reply: 200 One<GlobalPinInfo>,
        errors: [400, 401],
        access: Scope("cluster"),
        safe: true,
        command: "cluster/status",
    }
}
