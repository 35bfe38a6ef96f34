//! Why an import failed.

use std::sync::Arc;

use cairn_primitives::Cid;
use cairn_primitives::codec::CodecError;
use cairn_primitives::multihash::HashError;
use cairn_primitives::unixfs::BuildError;
use cairn_store::BlockError;

/// Why content could not be taken in.
///
/// The texts are those that clients of the Kubo RPC know, wherever Kubo has one.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// An option, or a combination of options, that makes no sense.
    #[error("{0}")]
    Option(String),
    /// A digest could not be made, or is one that nothing is stored under.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// A digest of the length that was asked for could not be made.
    #[error("invalid cid: {0}")]
    InvalidCid(HashError),
    /// Two entries of one folder have one name.
    #[error("directory already has entry by that name")]
    EntryExists,
    /// A folder is to be where a file already is.
    #[error("file already exists")]
    FileExists,
    /// A folder below the root has no name.
    #[error("no path given to Mkdir")]
    UnnamedDirectory,
    /// The folders that a path runs through have longer paths together than [`super::MAX_FOLDER_PATHS`].
    #[error(
        "the path of an entry runs through {folders} folders, whose paths have more than {} bytes together: add a folder nearer to it",
        super::MAX_FOLDER_PATHS
    )]
    TooDeep {
        /// How many folders.
        folders: usize,
    },
    /// No entry came at all.
    #[error("expected a file argument")]
    NoEntries,
    /// The bytes are to stay where they are, but nobody said where that is.
    #[error("missing file path or URL, can't create filestore reference")]
    NoReference,
    /// Bytes are to stay where they are, but this node does not allow it.
    #[error(
        "either the filestore or the urlstore must be enabled to use nocopy, see: https://github.com/ipfs/kubo/blob/master/docs/experimental-features.md#ipfs-filestore"
    )]
    ReferencesOff,
    /// A node of a file or a folder could not be built.
    #[error(transparent)]
    Build(BuildError),
    /// A block is larger than peers exchange.
    #[error(
        "produced block is over 2MiB: big blocks can't be exchanged with other peers. consider using UnixFS for automatic chunking of bigger files, or pass --allow-big-block to override"
    )]
    BigBlock,
    /// An archive could not be read past this point.
    #[error("import failed{place}: {reason}")]
    Car {
        /// Which block.
        place: CarPlace,
        /// What is wrong with it; a part of the sentence that the client sees.
        reason: String,
    },
    /// A node could not be read or written.
    #[error(transparent)]
    Codec(CodecError),
    /// The header of an archive could not be read.
    #[error("{0}")]
    CarHeader(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] BlockError),
    /// The threads that hash could not be started.
    #[error("cannot start a hashing thread")]
    Threads(#[source] Arc<std::io::Error>),
    /// The hashing of a chunk was broken off by a fault of this program.
    #[error("a hashing thread failed")]
    Hashing,
    /// Whoever listens to the events is gone.
    #[error("the receiver of the import's events is gone")]
    Abandoned,
    /// An earlier failure left the import in pieces: only dropping it makes sense.
    #[error("the import failed before")]
    Failed,
}

impl From<BuildError> for ImportError {
    fn from(error: BuildError) -> Self {
        match error {
            BuildError::Hash(error) => Self::Hash(error),
            error => Self::Build(error),
        }
    }
}

/// The block of an archive at which its import failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CarPlace {
    /// Before the first whole block.
    Start,
    /// After the last whole block.
    After(Cid),
    /// At a block that was read but not accepted.
    At(Cid),
}

impl std::fmt::Display for CarPlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Start => Ok(()),
            Self::After(cid) => write!(f, " after block \"{cid}\""),
            Self::At(cid) => write!(f, " at block \"{cid}\""),
        }
    }
}
