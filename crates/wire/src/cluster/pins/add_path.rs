//! `POST /pins/{ipfs|ipns|ipld}/{path}`.

use super::super::{Cluster, Pin};
use super::Namespace;
use crate::shape::NoBody;

endpoint_with_pin_options! {
    /// Pin what a path resolves to.
    ///
    /// <https://ipfscluster.io/documentation/reference/api/#list-of-endpoints>
    pub struct AddPinPath: POST "/pins/{namespace}/{*path}" as "addPinPath" of Cluster {
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
        command: "cluster/pin/add-path",
    }
}

impl AddPinPath {
    /// A request to pin this path with the defaults of the API.
    #[must_use]
    pub fn new(namespace: Namespace, path: impl Into<String>) -> Self {
        with_default_pin_options! { namespace: namespace, path: path.into() }
    }
}
