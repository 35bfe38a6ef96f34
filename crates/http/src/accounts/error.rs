//! The statuses of errors.

use cairn_store::shared::SharedError;
use cairn_wire::accounts::Accounts;
use cairn_wire::pinning::Failure;

use crate::rest::ErrorResponse;
use crate::rest::bearer::rows_fault;

pub(super) type Refusal = ErrorResponse<Accounts>;

fn refusal(status: u16, reason: &str, details: impl Into<String>) -> Refusal {
    ErrorResponse {
        status,
        body: Failure::new(reason, details),
    }
}

pub(super) fn bad_request(details: impl Into<String>) -> Refusal {
    refusal(400, "BAD_REQUEST", details)
}

pub(super) fn no_account(name: &str) -> Refusal {
    refusal(404, "NOT_FOUND", format!("there is no account {name:?}"))
}

pub(super) fn no_token() -> Refusal {
    let details = "the account has no such token, or it was revoked before";
    refusal(404, "NOT_FOUND", details)
}

/// The refusal of an error of the shared rows.
pub(super) fn rows(error: &SharedError) -> Refusal {
    match error {
        SharedError::Taken { .. } => refusal(409, "CONFLICT", error.to_string()),
        SharedError::Missing { .. } => refusal(404, "NOT_FOUND", error.to_string()),
        SharedError::BadName { .. } | SharedError::Range { .. } => bad_request(error.to_string()),
        _ => rows_fault(error).into(),
    }
}
