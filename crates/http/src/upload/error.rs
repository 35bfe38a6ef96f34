//! The status and code of every error of the upload API.

use cairn_dag::import::ImportError;
use cairn_primitives::with_causes;
use cairn_services::backend::BackendError;
use cairn_services::uploads::UploadError;
use cairn_store::BlockError;
use cairn_store::shared::SharedError;
use cairn_wire::rest::{Api as _, Fault};
use cairn_wire::upload::{Code, Failure, UploadApi};

use crate::rest::ErrorResponse;
use crate::rest::bearer::rows_fault;

pub(super) type UploadFailure = ErrorResponse<UploadApi>;

/// An error response with this code. The message is the code's own, if it has one.
pub(super) fn refuse(code: Code, message: impl Into<String>) -> UploadFailure {
    let message = match code.message() {
        Some(message) => message.to_owned(),
        None => message.into(),
    };
    ErrorResponse {
        status: code.status(),
        body: Failure::new(code, message),
    }
}

fn fault(fault: &Fault) -> UploadFailure {
    let (status, body) = UploadApi::fault(fault);
    ErrorResponse { status, body }
}

fn internal(error: &(dyn std::error::Error + 'static)) -> UploadFailure {
    tracing::error!(error = with_causes(error), "an upload failed");
    refuse(Code::Internal, "")
}

/// The text of a CID that is none.
pub(super) fn invalid_cid(text: &str) -> UploadFailure {
    refuse(Code::InvalidCid, format!("Invalid CID: {text}"))
}

pub(super) fn failure(error: &UploadError) -> UploadFailure {
    match error {
        UploadError::NotFound => refuse(Code::NotFound, "NFT not found"),
        UploadError::Empty => refuse(Code::InvalidRequest, "Empty payload"),
        UploadError::TooLarge { .. } => refuse(Code::TooLarge, error.to_string()),
        UploadError::Car(_) => invalid_car(error),
        UploadError::Metadata(_) => refuse(Code::InvalidRequest, with_causes(error)),
        UploadError::Rows(error) => rows(error),
        UploadError::Backend(error) => backend(error),
        other => internal(other),
    }
}

fn invalid_car(error: &(dyn std::error::Error + 'static)) -> UploadFailure {
    let reason = with_causes(error);
    refuse(
        Code::InvalidCar,
        format!("Invalid CAR file received: {reason}"),
    )
}

fn rows(error: &SharedError) -> UploadFailure {
    match error {
        SharedError::Quota { .. } => refuse(Code::QuotaExceeded, error.to_string()),
        SharedError::BadName { .. } | SharedError::Range { .. } => {
            refuse(Code::InvalidRequest, error.to_string())
        }
        // The account was removed after its token had been accepted.
        SharedError::Missing { .. } => refuse(Code::TokenNotFound, ""),
        error => fault(&rows_fault(error)),
    }
}

fn backend(error: &BackendError) -> UploadFailure {
    match error {
        BackendError::Import(error) => import(error),
        BackendError::Source(source) => match source.downcast_ref::<Fault>() {
            Some(cause) => fault(cause),
            None => refuse(Code::InvalidRequest, source.to_string()),
        },
        BackendError::Invalid(reason) => refuse(Code::InvalidRequest, reason.clone()),
        BackendError::Full => refuse(Code::InsufficientStorage, ""),
        BackendError::Unreachable(_) => {
            tracing::warn!(error = with_causes(error), "the backend cannot be reached");
            fault(&Fault::Unavailable)
        }
        error => internal(error),
    }
}

fn import(error: &ImportError) -> UploadFailure {
    match error {
        ImportError::Store(BlockError::Full { .. }) => refuse(Code::InsufficientStorage, ""),
        // Hash functions are chosen by the blocks of CARs only.
        ImportError::Car { .. }
        | ImportError::CarHeader(_)
        | ImportError::TooManyRoots { .. }
        | ImportError::Hash(_) => invalid_car(error),
        ImportError::EntryExists
        | ImportError::FileExists
        | ImportError::BelowFile { .. }
        | ImportError::UnnamedDirectory
        | ImportError::NoEntries
        | ImportError::TooDeep { .. }
        | ImportError::TooManyNames => refuse(Code::InvalidRequest, error.to_string()),
        error => internal(error),
    }
}
