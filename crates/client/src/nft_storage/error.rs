//! Errors of the upload API.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use cairn_primitives::Cid;
use cairn_primitives::car::CarError;
use cairn_primitives::codec::CodecError;
use cairn_primitives::unixfs::BuildError;
use cairn_wire::upload::Failure;
use http::StatusCode;

use crate::paging::PagingError;
use crate::rest::{CallError, is_retryable};
use crate::upload::UploadError;

/// Why a call of the upload API failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StorageError {
    /// The server refused the request.
    #[error("the server refused the request: {}", refusal(code, message))]
    #[non_exhaustive]
    Refused {
        /// The HTTP status.
        status: StatusCode,
        /// A code for programs, such as `ERROR_INVALID_CAR`.
        code: String,
        /// A text for people.
        message: String,
        /// How long the server asks to wait before the request is repeated.
        retry_after: Option<Duration>,
    },
    /// The server stored something else than was sent.
    #[error("the server answered with the CID {got}, but the content has the CID {expected}")]
    CidMismatch {
        /// The CID that was computed locally.
        expected: Box<Cid>,
        /// The CID of the server.
        got: Box<Cid>,
    },
    /// The content to send cannot be read.
    #[error(transparent)]
    Content(#[from] UploadError),
    /// A file was changed between computing its CID and sending it.
    #[error("{} changed while it was uploaded", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// Content that can only be read once, as of a stream, does not fit the memory for it.
    #[error(
        "content of a stream can be at most {limit} bytes, because it is read twice: write it to a file first"
    )]
    TooLargeForMemory {
        /// The limit in bytes.
        limit: usize,
    },
    /// The name of a file cannot be the name of a directory entry, or is that of another entry.
    #[error("{name:?} cannot be the path of a file in the upload")]
    Name {
        /// The name.
        name: String,
    },
    /// There are more files than can be numbered.
    #[error("there are too many files in the upload")]
    TooManyFiles,
    /// The DAG of the content cannot be built.
    #[error("cannot build the DAG of the content")]
    Build(#[from] BuildError),
    /// The CAR is malformed, or one of its blocks does not match its CID.
    #[error("the CAR is invalid")]
    Car(#[from] CarError),
    /// A CAR must have one root.
    #[error("the CAR has {count} roots, expected one")]
    Roots {
        /// The number of its roots.
        count: usize,
    },
    /// A block of the DAG is not in the CAR.
    #[error("the CAR does not contain the block {cid}")]
    Missing {
        /// The CID of the block.
        cid: Box<Cid>,
    },
    /// A node of the DAG cannot be decoded.
    #[error("cannot read the links of the block {cid}")]
    Node {
        /// The CID of the block.
        cid: Box<Cid>,
        /// Why.
        #[source]
        source: CodecError,
    },
    /// The metadata is not a JSON object.
    #[error("the metadata cannot be written as JSON")]
    Metadata(#[source] serde_json::Error),
    /// A field of a response cannot be parsed.
    #[error("the response of the server has an invalid {field}: {text:?}")]
    Response {
        /// The field.
        field: &'static str,
        /// Its content, at most 256 characters of it.
        text: String,
    },
    /// Not all uploads can be listed: the API pages by creation time, and more were created at this time than fit a page.
    #[error(
        "more than {limit} uploads were created at {created}, so that the API cannot list them all"
    )]
    Unpageable {
        /// The creation time, as RFC 3339.
        created: String,
        /// The size of a page.
        limit: u32,
    },
    /// A thread that packs content failed.
    #[error("packing the content failed: {0}")]
    Thread(String),
    /// There was no valid response.
    #[error(transparent)]
    Call(CallError<Failure>),
}

fn refusal<'a>(code: &'a str, message: &'a str) -> &'a str {
    if message.is_empty() { code } else { message }
}

impl From<CallError<Failure>> for StorageError {
    fn from(error: CallError<Failure>) -> Self {
        match error {
            CallError::Refused {
                status,
                error,
                retry_after,
            } => Self::Refused {
                status,
                code: error.error.code,
                message: error.error.message,
                retry_after,
            },
            CallError::Upload(error) => Self::Content(error),
            other => Self::Call(other),
        }
    }
}

impl From<PagingError> for StorageError {
    fn from(error: PagingError) -> Self {
        match error {
            PagingError::Time(text) => Self::Response {
                field: "created",
                text,
            },
            PagingError::Unpageable { created, limit } => Self::Unpageable { created, limit },
        }
    }
}

impl StorageError {
    pub(super) fn reading(path: &Path, source: io::Error) -> Self {
        Self::Content(UploadError::Read {
            path: path.to_owned(),
            source,
        })
    }

    /// The HTTP status of an error response.
    #[must_use]
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Refused { status, .. } => Some(*status),
            Self::Call(error) => error.status(),
            _ => None,
        }
    }

    /// The server's code for programs, such as `ERROR_INVALID_CAR`.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        match self {
            Self::Refused { code, .. } => Some(code),
            _ => None,
        }
    }

    /// Whether there is no such upload.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.status() == Some(StatusCode::NOT_FOUND)
    }

    /// Whether the access token is missing, invalid, or does not allow the request.
    #[must_use]
    pub fn is_unauthorized(&self) -> bool {
        matches!(
            self.status(),
            Some(StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)
        )
    }

    /// Whether the same call may succeed later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Refused { status, .. } => is_retryable(*status),
            Self::Call(error) => error.is_retryable(),
            _ => false,
        }
    }
}
