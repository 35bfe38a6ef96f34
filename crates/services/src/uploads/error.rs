//! Errors of uploads.

use cairn_primitives::Cid;
use cairn_primitives::codec::CodecError;
use cairn_primitives::nft::MetadataError;
use cairn_store::shared::SharedError;

use crate::backend::BackendError;

/// Why an upload failed.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum UploadError {
    /// There is no such upload.
    #[error("there is no such upload")]
    NotFound,
    /// There is no content.
    #[error("the upload is empty")]
    Empty,
    /// A request or upload is too large.
    #[error("the upload has more than {limit} bytes")]
    TooLarge {
        /// The limit, in bytes.
        limit: u64,
    },
    /// The CAR cannot be accepted.
    #[error(transparent)]
    Car(#[from] CarRefusal),
    /// The metadata of an NFT cannot be accepted.
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    /// The backend failed, or refused the content.
    #[error(transparent)]
    Backend(BackendError),
    /// The shared rows failed, or a quota does not allow the upload.
    #[error(transparent)]
    Rows(#[from] SharedError),
}

/// Why a CAR is not accepted, although it is one.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CarRefusal {
    /// It has no root.
    #[error("missing roots")]
    NoRoot,
    /// It has several roots.
    #[error("too many roots")]
    ManyRoots,
    /// It has no blocks.
    #[error("empty CAR")]
    Empty,
    /// The block of the root is absent.
    #[error("missing root block {root}")]
    MissingRoot {
        /// The root.
        root: Cid,
    },
    /// The root links to others, and is the only block.
    #[error("CAR must contain at least one non-root block")]
    OnlyRoot,
    /// The root cannot be read.
    #[error("cannot read the root block {root}")]
    Root {
        /// The root.
        root: Cid,
        /// Why.
        #[source]
        source: CodecError,
    },
    /// A part has more blocks than can be listed.
    #[error("a part has more than {limit} blocks: upload smaller parts, or the whole DAG at once")]
    ManyBlocks {
        /// The limit.
        limit: usize,
    },
}

/// The request had more bytes than allowed. Sent through the backend, which reads the content.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("more than {limit} bytes")]
pub(super) struct TooLong {
    pub(super) limit: u64,
}

impl From<BackendError> for UploadError {
    fn from(error: BackendError) -> Self {
        if let BackendError::Source(source) = &error
            && let Some(TooLong { limit }) = source.downcast_ref()
        {
            return Self::TooLarge { limit: *limit };
        }
        Self::Backend(error)
    }
}
