//! Errors of the mutable file system.

use std::sync::Arc;

use cairn_primitives::Cid;
use cairn_primitives::unixfs::BuildError;
use cairn_store::BlockError;
use cairn_store::meta::RowError;

use crate::error::{FetchError, NodeError};
use crate::export::ExportError;
use crate::resolve::ResolveError;

/// Why an operation on the mutable file system failed. Unless a variant says otherwise, nothing was changed.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MfsError {
    /// An empty path.
    #[error("the path is empty")]
    EmptyPath,
    /// A path without a leading slash.
    #[error("path {path:?} does not begin with a slash")]
    RelativePath {
        /// The path.
        path: String,
    },
    /// The path does not exist.
    #[error("{path}: no such file or directory")]
    NotFound {
        /// The path.
        path: String,
    },
    /// A part of the path is not a directory.
    #[error("{path}: a part of the path is not a directory")]
    NotDirectory {
        /// The path up to the first name whose parent is not a directory.
        path: String,
    },
    /// A file exists where a directory is expected.
    #[error("{path}: is not a directory")]
    NotADirectory {
        /// The path.
        path: String,
    },
    /// A file was expected.
    #[error("{path}: is a directory, not a file")]
    NotFile {
        /// The path.
        path: String,
    },
    /// The path exists already.
    #[error("{path}: already exists")]
    AlreadyExists {
        /// The path.
        path: String,
    },
    /// The root cannot be created: it always exists.
    #[error("the root directory always exists")]
    RootExists,
    /// The root cannot be removed.
    #[error("the root directory cannot be removed")]
    RootRemoved,
    /// A directory is only removed recursively.
    #[error("{path}: is a directory: remove it recursively")]
    IsDirectory {
        /// The path.
        path: String,
    },
    /// A directory cannot be moved into itself.
    #[error("{from}: cannot be moved into itself, to {to}")]
    IntoItself {
        /// What was to be moved.
        from: String,
        /// Where to.
        to: String,
    },
    /// A path without a file name.
    #[error("{path}: the file name is missing")]
    NoName {
        /// The path.
        path: String,
    },
    /// Reading was to begin past the end.
    #[error("offset {offset} is past the end of the file of {size} bytes")]
    PastEnd {
        /// Where reading was to begin, in bytes.
        offset: u64,
        /// Bytes of the file.
        size: u64,
    },
    /// The file would become too long.
    #[error("a file cannot have more than {MAX_FILE} bytes", MAX_FILE = super::MAX_FILE)]
    FileTooLong,
    /// What was to be copied is neither a file nor a directory.
    #[error("{cid}: is neither a UnixFS file nor a UnixFS directory")]
    NotUnixFs {
        /// Its root.
        cid: Cid,
        /// What is wrong with it, when its codec is one that has files.
        #[source]
        reason: Option<Arc<NodeError>>,
    },
    /// A symbolic link cannot be read or written as a file. It may have been copied; then it is in its place, and what
    /// failed is the flush.
    #[error("{path}: is a symbolic link")]
    Symlink {
        /// The path.
        path: String,
    },
    /// Only directories have a CID format.
    #[error("{path}: only directories have a CID format")]
    OnlyDirectories {
        /// The path.
        path: String,
    },
    /// The CID format of the root is a setting.
    #[error("the CID format of the root is set in the configuration")]
    RootForm,
    /// Too many unflushed changes.
    #[error("there are {limit} unflushed changes: flush them first")]
    TooManyUnflushed {
        /// The limit.
        limit: u64,
    },
    /// The source of a copy could not be read.
    #[error("cannot copy from {path}")]
    CopySource {
        /// The source.
        path: String,
        /// Why.
        #[source]
        source: Box<Self>,
    },
    /// The existing file at the destination of a copy could not be removed.
    #[error("cannot replace {path}")]
    CopyReplace {
        /// The destination.
        path: String,
        /// Why.
        #[source]
        source: Box<Self>,
    },
    /// A copy could not be added at its destination.
    #[error("cannot copy to {path}")]
    CopyPut {
        /// The destination.
        path: String,
        /// Why.
        #[source]
        source: Box<Self>,
    },
    /// A copy was added and could not be flushed.
    #[error("cannot flush the copy at {path}")]
    CopyFlush {
        /// The destination.
        path: String,
        /// Why.
        #[source]
        source: Box<Self>,
    },
    /// The bytes to write were cut off. The file is unchanged.
    #[error("the content to write was cut off")]
    Body(#[source] Arc<dyn std::error::Error + Send + Sync>),
    /// The root of the repository is missing or is not a directory.
    #[error("invalid MFS root {cid}")]
    BadRoot {
        /// The root.
        cid: Cid,
        /// Why.
        #[source]
        reason: Option<Arc<NodeError>>,
    },
    /// The flushing task panicked.
    #[error("the flush was interrupted")]
    Interrupted,
    /// A path below `/ipfs` cannot be resolved.
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    /// A file could not be read.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// A block could not be read.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// A block could not be made.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The root's row could not be read or written.
    #[error(transparent)]
    Rows(#[from] RowError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] BlockError),
}

impl From<FetchError> for MfsError {
    fn from(error: FetchError) -> Self {
        Self::Node(error.into())
    }
}

impl MfsError {
    /// Whether the path does not exist, as opposed to a failure.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::NotFound { .. })
    }
}
