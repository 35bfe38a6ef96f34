//! `POST /pins/{cid}`.

use super::super::{CidText, Cluster, Pin};
use crate::shape::NoBody;

endpoint_with_pin_options! {
    /// Pin a CID, or change its options.
    ///
    /// <https://ipfscluster.io/documentation/reference/api/#list-of-endpoints>
    pub struct AddPin: POST "/pins/{cid}" as "addPin" of Cluster {
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
        command: "cluster/pin/add",
    }
}

impl AddPin {
    /// A request to pin this CID with the defaults of the API.
    #[must_use]
    pub fn new(cid: CidText) -> Self {
        with_default_pin_options! { cid: cid }
    }
}
