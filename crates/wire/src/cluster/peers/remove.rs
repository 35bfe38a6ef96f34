//! `DELETE /peers/{peer}`.

use super::super::Cluster;
use crate::shape::NoBody;

endpoint! {
    /// Remove a peer, whose pins are allocated to others.
    ///
    /// <https://ipfscluster.io/documentation/reference/api/#list-of-endpoints>
    pub struct RemovePeer: DELETE "/peers/{peer}" as "removePeer" of Cluster {
        path {
            /// The peer ID.
            peer: String = "peer";
        }
        query {}
        body: NoBody,
        reply: 204 Nothing,
        errors: [400, 401, 500],
        access: Scope("cluster"),
        safe: false,
        command: "cluster/peers/rm",
    }
}
