//! `POST /ipfs/gc`.

use super::{Cluster, GlobalRepoGc};
use crate::shape::NoBody;

endpoint! {
    /// Collect garbage on the IPFS nodes of the peers.
    ///
    /// <https://ipfscluster.io/documentation/reference/api/#list-of-endpoints>
    pub struct CollectGarbage: POST "/ipfs/gc" as "collectGarbage" of Cluster {
        path {}
        query {
            /// Only on the answering peer.
            local: bool = Value "local", default false;
        }
        body: NoBody,
        reply: 200 Large<GlobalRepoGc>,
        errors: [400, 401],
        access: Scope("cluster"),
        safe: false,
        command: "cluster/ipfs/gc",
    }
}
