//! `POST /pins/recover`.

use super::super::{Cluster, GlobalPinInfo};
use crate::shape::NoBody;

endpoint! {
    /// Pin everything again whose pinning failed. The response has only the pins that were queued again.
    ///
    /// <https://ipfscluster.io/documentation/reference/api/#list-of-endpoints>
    pub struct RecoverAll: POST "/pins/recover" as "recoverAll" of Cluster {
        path {}
        query {
            /// Only on the answering peer.
            local: bool = Value "local", default false;
        }
        body: NoBody,
        reply: 200 Many<GlobalPinInfo>,
        errors: [400, 401],
        access: Scope("cluster"),
        safe: false,
        command: "cluster/recover-all",
    }
}
