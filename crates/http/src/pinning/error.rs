//! Errors of the pinning service: their statuses, and reasons for programs.

use cairn_services::pin_queue::PinError;
use cairn_store::shared::SharedError;
use cairn_wire::pinning::{Failure, Pinning};
use cairn_wire::rest::{Denial, Fault};

use crate::rest::ErrorResponse;
use crate::rest::bearer::rows_fault;

fn failure(status: u16, reason: &str, details: impl Into<String>) -> ErrorResponse<Pinning> {
    ErrorResponse {
        status,
        body: Failure::new(reason, details),
    }
}

/// A parameter of a listing that its declaration allows and this service does not.
pub(super) fn bad_parameter(name: &str, reason: &str) -> ErrorResponse<Pinning> {
    failure(
        400,
        "BAD_REQUEST",
        format!("invalid parameter {name}: {reason}"),
    )
}

impl From<PinError> for ErrorResponse<Pinning> {
    fn from(error: PinError) -> Self {
        let text = error.to_string();
        match error {
            PinError::Invalid { .. } => failure(400, "BAD_REQUEST", text),
            PinError::NotFound => failure(404, "NOT_FOUND", text),
            PinError::Rows(SharedError::Quota { .. }) => failure(409, "INSUFFICIENT_FUNDS", text),
            PinError::Rows(SharedError::KeyReused) => failure(422, "IDEMPOTENCY_KEY_REUSED", text),
            // The account was removed since the token was checked.
            PinError::Rows(SharedError::Missing { .. }) => Denial::Unknown.into(),
            PinError::Rows(error) => rows_fault(&error).into(),
            other => {
                tracing::error!(error = %other, "a pin request failed");
                Fault::Internal.into()
            }
        }
    }
}
