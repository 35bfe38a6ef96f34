//! `DELETE /pins/{ipfs|ipns|ipld}/{path}`.

use super::super::{Cluster, Pin};
use super::Namespace;
use crate::shape::NoBody;

endpoint! {
    /// Unpin what a path resolves to.
    ///
    /// <https://ipfscluster.io/documentation/reference/api/#list-of-endpoints>
    pub struct RemovePinPath: DELETE "/pins/{namespace}/{*path}" as "removePinPath" of Cluster {
        path {
            /// The namespace.
            namespace: Namespace = "namespace";
            /// The rest of the path.
            path: String = "path";
        }
        query {}
        body: NoBody,
        reply: 200 One<Pin>,
        errors: [400, 401, 404, 500],
        access: Scope("cluster"),
        safe: false,
        command: "cluster/pin/rm-path",
    }
}
