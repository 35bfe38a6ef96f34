//! The statuses and texts of errors, which are those of IPFS Cluster where it has the same error.

use axum::body::Body;
use axum::response::Response;
use cairn_primitives::with_causes;
use cairn_services::backend::BackendError;
use cairn_services::cluster::{AuthRefusal, ClusterError};
use cairn_store::shared::SharedError;
use cairn_wire::cluster::{Cluster, Failure};
use http::{HeaderValue, StatusCode, header};

use crate::rest::ErrorResponse;

pub(super) type Refusal = ErrorResponse<Cluster>;

/// A refusal with this status.
pub(super) fn refusal(status: u16, message: impl Into<String>) -> Refusal {
    ErrorResponse {
        status,
        body: Failure::new(status, message),
    }
}

fn of_rows(error: &SharedError) -> (u16, String) {
    match error {
        SharedError::Conflict(_) => (503, error.to_string()),
        SharedError::Unreachable(_) | SharedError::Closed => {
            tracing::warn!(
                error = with_causes(error),
                "the database of the cluster is away"
            );
            (
                503,
                "the database of the cluster cannot be reached".to_owned(),
            )
        }
        SharedError::BadName { .. } | SharedError::Range { .. } => (400, error.to_string()),
        error => {
            tracing::error!(
                error = with_causes(error),
                "the database of the cluster failed"
            );
            (500, "the database of the cluster failed".to_owned())
        }
    }
}

/// The status and body of a failed authentication that is not the caller's fault.
pub(super) fn of_auth(refusal: &AuthRefusal) -> (u16, Failure) {
    let (status, text) = match refusal {
        AuthRefusal::Rows(error) => of_rows(error),
        other => (401, other.to_string()),
    };
    (status, Failure::new(status, text))
}

/// The refusal of an error of the service.
pub(super) fn of(error: &ClusterError) -> Refusal {
    use ClusterError as Error;
    let (status, text) = match error {
        Error::NotPinned { .. } => (404, "pin is not part of the pinset".to_owned()),
        Error::Option { .. } | Error::NothingToAdd => (400, error.to_string()),
        Error::LastPeer(_) => (409, error.to_string()),
        Error::ReplicationOrder => (
            500,
            "cluster.replication_factor_min is larger than max".to_owned(),
        ),
        Error::ReplicationMixed => (
            500,
            "cluster.replication_factor_min and max must be -1 when one of them is".to_owned(),
        ),
        Error::Replication(_) => (500, "cluster.replication_factor_min is wrong".to_owned()),
        Error::TooFewPeers {
            least,
            most,
            candidates,
        } => (
            500,
            format!(
                "not enough peers to allocate CID. Needed at least: {least}. Wanted at most: {most}. \
                 Available candidates: {candidates}. See logs for more info."
            ),
        ),
        Error::Expired => (500, "pin.ExpireAt set before current time".to_owned()),
        Error::Owned { .. } => (
            500,
            "cannot unpin a shard directly. Unpin content root CID instead".to_owned(),
        ),
        Error::ShardTooSmall { .. } => (
            500,
            "block doesn't fit in empty shard: shard size too small?".to_owned(),
        ),
        Error::Roots(_) => (
            500,
            "only CAR files with a single root are supported".to_owned(),
        ),
        Error::WrappedCar => (500, "cannot wrap a CAR file upload".to_owned()),
        Error::Rows(error) => of_rows(error),
        Error::Backend(BackendError::Source(source)) => (400, with_causes(&**source)),
        Error::Backend(BackendError::Unreachable(_)) => {
            tracing::warn!(
                error = with_causes(error),
                "the backend of the cluster is away"
            );
            (503, error.to_string())
        }
        error => (500, with_causes(error)),
    };
    refusal(status, text)
}

/// A response outside of the endpoints.
pub(super) fn plain(status: u16, body: &Failure) -> Response {
    let mut line = serde_json::to_vec(body).unwrap_or_default();
    line.push(b'\n');
    let mut response = Response::new(Body::from(line));
    *response.status_mut() =
        StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}
