//! `POST /peers`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::super::{Cluster, Id};
use crate::shape::Json;

/// A peer to add.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PeerToAdd {
    /// The peer ID.
    #[serde(default)]
    pub peer_id: String,
}

endpoint! {
    /// Add a peer.
    ///
    /// <https://ipfscluster.io/documentation/reference/api/#list-of-endpoints>
    pub struct AddPeer: POST "/peers" as "addPeer" of Cluster {
        path {}
        query {}
        body: Json<PeerToAdd>,
        reply: 200 One<Id>,
        errors: [400, 401, 500],
        access: Scope("cluster"),
        safe: false,
        command: "cluster/peers/add",
    }
}
