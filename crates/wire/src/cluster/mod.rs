//! The REST API of IPFS Cluster 1.1. One file per endpoint.
//!
//! Reference: <https://ipfscluster.io/documentation/reference/api/>
//!
//! What the endpoints share:
//!
//! - Errors are `{"code": STATUS, "message": TEXT}` ([`Failure`]). After the start of a stream the message is sent as plain
//!   text in the trailer `X-Stream-Error`.
//! - Streams are one JSON value per line, with the trailer `X-Stream-Error`, which is empty after a complete response. A stream
//!   without a record is 204 without a body.
//! - A query parameter without a value (`name=`) is absent. `meta-KEY=` is not: its value is empty.
//! - A path with a trailing slash is redirected to the one without (307).
//! - The reference is written in Go, and sends `null` for some empty lists and maps. A field that is an `Option` here may be
//!   `null`, empty or full; the documentation of each says which of them the reference sends when.

#[macro_use]
mod options;

mod access;
mod add;
pub mod allocations;
mod cid_text;
mod gc;
pub mod health;
mod id;
pub mod monitor;
pub mod peers;
pub mod pins;
mod records;
mod time;
mod version;

pub use self::access::GenerateToken;
pub use self::add::{AddFiles, AddFormat, AddLayout};
pub use self::cid_text::CidText;
pub use self::gc::CollectGarbage;
pub use self::id::GetId;
pub use self::options::PinOptions;
pub use self::records::{
    AddedOutput, Alert, Bandwidth, ConnectGraph, Failure, GlobalPinInfo, GlobalRepoGc, Id, IpfsId,
    Metric, Pin, PinInfo, PinMode, PinType, PinTypeFilter, RemovedKey, RepoGc, StatusFilter, Token,
    TrackerStatus, Version,
};
pub use self::time::{Time, TimeError};
pub use self::version::GetVersion;
use crate::rest::openapi::Document;
use crate::rest::{Api, Denial, Fault, Info, Invalid, Scheme, TrailingSlash};

/// Calls a macro with every endpoint of the API. The server and the OpenAPI document use this list.
#[macro_export]
macro_rules! cluster_endpoints {
    ($($callback:ident)::+) => {
        $($callback)::+! {
            $crate::cluster::AddFiles,
            $crate::cluster::CollectGarbage,
            $crate::cluster::GenerateToken,
            $crate::cluster::GetId,
            $crate::cluster::GetVersion,
            $crate::cluster::allocations::GetAllocation,
            $crate::cluster::allocations::GetAllocations,
            $crate::cluster::health::GetAlerts,
            $crate::cluster::health::GetBandwidth,
            $crate::cluster::health::GetGraph,
            $crate::cluster::health::GetHealth,
            $crate::cluster::monitor::GetMetricNames,
            $crate::cluster::monitor::GetMetrics,
            $crate::cluster::peers::AddPeer,
            $crate::cluster::peers::GetPeers,
            $crate::cluster::peers::RemovePeer,
            $crate::cluster::pins::AddPin,
            $crate::cluster::pins::AddPinPath,
            $crate::cluster::pins::GetStatus,
            $crate::cluster::pins::GetStatuses,
            $crate::cluster::pins::Recover,
            $crate::cluster::pins::RecoverAll,
            $crate::cluster::pins::RemovePin,
            $crate::cluster::pins::RemovePinPath,
        }
    };
}

crate::cluster_endpoints!(list_endpoints);

/// The API's OpenAPI document.
#[must_use]
pub fn openapi() -> serde_json::Value {
    let document: Document = crate::cluster_endpoints!(describe_endpoints);
    document.finish::<Cluster>()
}

/// The API.
#[derive(Debug)]
pub enum Cluster {}

impl Api for Cluster {
    const INFO: Info = Info {
        title: "IPFS Cluster REST API",
        version: "1.1.6",
        spec: "https://ipfscluster.io/documentation/reference/api/",
    };

    const SCHEMES: &'static [Scheme] = &[Scheme::Bearer, Scheme::Basic];

    const EMPTY_STREAM: u16 = 204;

    const EMPTY_TRAILER: bool = true;

    const EMPTY_IS_ABSENT: bool = true;

    const TRAILING_SLASH: TrailingSlash = TrailingSlash::Redirected(307);

    const ERROR_RANGES: &'static [&'static str] = &["4XX", "5XX"];

    type Error = Failure;

    fn fault(fault: &Fault) -> (u16, Failure) {
        let (status, message) = match fault {
            Fault::Parameter(invalid) => parameter(invalid),
            Fault::Body(reason) => (400, format!("error decoding request body: {reason}")),
            Fault::TooLarge(_) => (413, fault.to_string()),
            Fault::Unauthorized => (401, "unauthorized: no auth provided".to_owned()),
            Fault::Denied(denial) => (denial.status(), denied(*denial)),
            Fault::NoSuchPath => (404, "not found".to_owned()),
            Fault::Method => (405, fault.to_string()),
            Fault::Internal => (500, fault.to_string()),
            Fault::Unavailable => (503, fault.to_string()),
        };
        (status, Failure::new(status, message))
    }

    fn message(error: &Failure) -> String {
        error.message.clone()
    }

    fn trailer(error: &Failure) -> String {
        error.message.clone()
    }
}

/// The text of a refused credential: the reference tells apart none, a wrong name or password, and an invalid token.
fn denied(denial: Denial) -> String {
    match denial {
        Denial::Missing => "unauthorized: no auth provided".to_owned(),
        Denial::Unknown => "unauthorized: access denied".to_owned(),
        Denial::Malformed | Denial::Expired | Denial::Revoked => {
            "unauthorized: invalid token".to_owned()
        }
        other => other.to_string(),
    }
}

/// The status and text of an invalid parameter, in the reference's words.
fn parameter(invalid: &Invalid) -> (u16, String) {
    let Invalid { name, reason } = invalid;
    let message = match name.as_str() {
        // The reference routes only these three, so that any other path is unknown.
        "namespace" => return (404, "not found".to_owned()),
        "cid" | "cids" => format!("error decoding Cid: {reason}"),
        "expire-at" => format!("expire-at cannot be parsed: {reason}"),
        "filter" => "invalid filter value".to_owned(),
        "format" | "layout" => format!("{name} parameter is invalid"),
        "pin-update" => format!("error decoding update option parameter: {reason}"),
        "shard-size" => "parameter shard_size is invalid".to_owned(),
        _ => format!("parameter {name} invalid"),
    };
    (400, message)
}

#[cfg(test)]
mod tests;
