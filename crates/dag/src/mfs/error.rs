//! Why an operation on the mutable file system failed.

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
    /// A path without a character.
    #[error("the path is empty")]
    EmptyPath,
    /// A path that does not begin at the root.
    #[error("path {path:?} does not begin with a slash")]
    RelativePath {
        /// The path.
        path: String,
    },
    /// Nothing has this path.
    #[error("{path}: no such file or directory")]
    NotFound {
        /// The path.
        path: String,
    },
    /// The path continues below something that is not a directory.
    #[error("{path}: a part of the path is not a directory")]
    NotDirectory {
        /// The path up to and with the first name that has no directory to be in.
        path: String,
    },
    /// A directory stands in the way of a new one, or a file in the place of one that should be there.
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
    /// Something has this path already.
    #[error("{path}: exists already")]
    AlreadyExists {
        /// The path.
        path: String,
    },
    /// The root cannot be made: it is always there.
    #[error("the root directory exists already")]
    RootExists,
    /// The root cannot be removed.
    #[error("the root directory cannot be removed")]
    RootRemoved,
    /// A directory is only removed when that is asked for.
    #[error("{path}: is a directory, and removing it must be asked for")]
    IsDirectory {
        /// The path.
        path: String,
    },
    /// A directory cannot be moved to a place in itself.
    #[error("{from}: cannot be moved into itself, to {to}")]
    IntoItself {
        /// What was to be moved.
        from: String,
        /// Where to.
        to: String,
    },
    /// A path that ends where a file's name has to stand.
    #[error("{path}: a file needs a name")]
    NoName {
        /// The path.
        path: String,
    },
    /// Reading was to begin past the end.
    #[error("offset {offset} is behind the end of the file at {size}")]
    PastEnd {
        /// Where reading was to begin, in bytes.
        offset: u64,
        /// Bytes of the file.
        size: u64,
    },
    /// A file would become longer than files can be.
    #[error("a file cannot have more than {MAX_FILE} bytes", MAX_FILE = super::MAX_FILE)]
    FileTooLong,
    /// What was to be copied is neither a file nor a directory.
    #[error("{cid}: is neither a file nor a directory of UnixFS")]
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
    /// The form of CIDs is a property of directories.
    #[error("{path}: is not a directory, and only directories have a form of CIDs")]
    OnlyDirectories {
        /// The path.
        path: String,
    },
    /// The form of the root's CID is a setting.
    #[error("the form of the root's CID is set in the configuration")]
    RootForm,
    /// So many changes wait for a flush that no more are taken without one.
    #[error("{limit} changes wait to be flushed, and no more are taken before that")]
    TooManyUnflushed {
        /// The limit.
        limit: u64,
    },
    /// The source of a copy could not be had. Says nothing about the destination.
    #[error("cannot copy from {path}")]
    CopySource {
        /// The source.
        path: String,
        /// Why.
        #[source]
        source: Box<Self>,
    },
    /// What stands in the place of a copy could not be removed.
    #[error("cannot replace {path}")]
    CopyReplace {
        /// The destination.
        path: String,
        /// Why.
        #[source]
        source: Box<Self>,
    },
    /// A copy could not be put into its place.
    #[error("cannot copy to {path}")]
    CopyPut {
        /// The destination.
        path: String,
        /// Why.
        #[source]
        source: Box<Self>,
    },
    /// A copy is in its place, and could not be flushed.
    #[error("cannot flush the copy at {path}")]
    CopyFlush {
        /// The destination.
        path: String,
        /// Why.
        #[source]
        source: Box<Self>,
    },
    /// The bytes to write were cut off. The file is as it was.
    #[error("the bytes to write broke off")]
    Body(#[source] Arc<dyn std::error::Error + Send + Sync>),
    /// The root that the repository names is missing or is not a directory.
    #[error("the root {cid} cannot be used")]
    BadRoot {
        /// The root.
        cid: Cid,
        /// Why.
        #[source]
        reason: Option<Arc<NodeError>>,
    },
    /// The task that flushed died.
    #[error("the flush was interrupted")]
    Interrupted,
    /// A path below `/ipfs` leads nowhere.
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    /// A file could not be read.
    #[error(transparent)]
    Export(#[from] ExportError),
    /// A block could not be had or read.
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
    /// Whether nothing has the path, as against a failure.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::NotFound { .. })
    }
}
