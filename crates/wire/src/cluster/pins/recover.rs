//! `POST /pins/{cid}/recover`.

use super::super::{CidText, Cluster, GlobalPinInfo};
use crate::shape::NoBody;

endpoint! {
    /// Pin a CID again where that failed.
    ///
    /// <https://ipfscluster.io/documentation/reference/api/#list-of-endpoints>
    pub struct Recover: POST "/pins/{cid}/recover" as "recover" of Cluster {
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
        safe: false,
        command: "cluster/recover",
    }
}
