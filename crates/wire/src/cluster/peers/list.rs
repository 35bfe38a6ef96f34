//! `GET /peers`.

use super::super::{Cluster, Id};
use crate::shape::NoBody;

endpoint! {
    /// List the peers.
    ///
    /// <https://ipfscluster.io/documentation/reference/api/#list-of-endpoints>
    pub struct GetPeers: GET "/peers" as "getPeers" of Cluster {
        path {}
        query {}
        body: NoBody,
        reply: 200 Many<Id>,
        errors: [401],
        access: Scope("cluster"),
        safe: true,
        command: "cluster/peers/ls",
    }
}
