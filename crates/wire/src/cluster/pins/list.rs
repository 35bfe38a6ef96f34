//! `GET /pins`.

use super::super::{CidText, Cluster, GlobalPinInfo, StatusFilter};
use crate::shape::NoBody;

endpoint! {
    /// List pins with their status.
    ///
    /// <https://ipfscluster.io/documentation/reference/api/#list-of-endpoints>
    pub struct GetStatuses: GET "/pins" as "getStatuses" of Cluster {
        path {}
        query {
            /// Only on the answering peer.
            local: bool = Value "local", default false;
            /// Only pins with one of these statuses on a peer; all without any. Ignored next to `cids`.
            filter: Vec<StatusFilter> = List "filter";
            /// Only these CIDs, one record for each, also for those that are not in the pinset. A repeated CID is repeated.
            cids: Vec<CidText> = List "cids";
        }
        body: NoBody,
        reply: 200 Many<GlobalPinInfo>,
        errors: [400, 401],
        access: Scope("cluster"),
        safe: true,
        command: "cluster/status-all",
    }
}
