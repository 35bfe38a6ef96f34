//! `GET /id`.

use super::{Cluster, Id};
use crate::shape::NoBody;

endpoint! {
    /// Show the identity of the peer.
    ///
    /// <https://ipfscluster.io/documentation/reference/api/#list-of-endpoints>
    pub struct GetId: GET "/id" as "getId" of Cluster {
        path {}
        query {}
        body: NoBody,
        reply: 200 One<Id>,
        errors: [401],
        access: Scope("cluster"),
        safe: true,
        command: "cluster/id",
    }
}
