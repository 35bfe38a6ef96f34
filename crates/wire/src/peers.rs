//! What the peers of a cluster ask of one another: an API of Cairn's own.
//!
//! It is served by the listener of the cluster's REST API. The token is signed with a secret that the peers share through
//! their database.

use serde::{Deserialize, Serialize};

use crate::cluster::{CidText, Failure};
use crate::rest::{Api, Fault, Info, Scheme};
use crate::shape::NoBody;

/// Calls a macro with every endpoint of the API.
#[macro_export]
macro_rules! peer_endpoints {
    ($($callback:ident)::+) => {
        $($callback)::+! {
            $crate::peers::CollectHere,
            $crate::peers::GetDag,
        }
    };
}

crate::peer_endpoints!(list_endpoints);

/// The API.
#[derive(Debug)]
pub enum Peers {}

impl Api for Peers {
    const INFO: Info = Info {
        title: "Cairn cluster peers",
        version: "1",
        spec: "https://github.com/cairn-storage/cairn/blob/main/docs/cluster.md",
    };

    const SCHEMES: &'static [Scheme] = &[Scheme::Bearer];

    const ERROR_RANGES: &'static [&'static str] = &["4XX", "5XX"];

    type Error = Failure;

    fn fault(fault: &Fault) -> (u16, Failure) {
        crate::cluster::Cluster::fault(fault)
    }

    fn message(error: &Failure) -> String {
        error.message.clone()
    }
}

/// The blocks that a collection has removed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Removed {
    /// Their CIDs, of codec raw.
    pub keys: Vec<CidText>,
}

endpoint! {
    /// Read a DAG as a CAR, depth first, each block once. A response that lacks a block is cut off.
    pub struct GetDag: GET "/cairn/dag/{cid}" as "getDag" of Peers {
        path {
            /// The root.
            cid: CidText = "cid";
        }
        query {
            /// How deep below the root; all of it without a value.
            depth: Option<u32> = Value "depth";
        }
        body: NoBody,
        reply: 200 Bytes,
        errors: [400, 401],
        access: Scope("peer"),
        safe: true,
        command: "cluster/peer/dag",
    }
}

endpoint! {
    /// Collect garbage on this peer.
    pub struct CollectHere: POST "/cairn/gc" as "collectHere" of Peers {
        path {}
        query {}
        body: NoBody,
        reply: 200 Large<Removed>,
        errors: [401, 500],
        access: Scope("peer"),
        safe: false,
        command: "cluster/peer/gc",
    }
}
