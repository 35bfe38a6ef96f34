//! Why an import failed.

use std::sync::Arc;

use cairn_primitives::Cid;
use cairn_primitives::car::CarError;
use cairn_primitives::cid::CidError;
use cairn_primitives::codec::CodecError;
use cairn_primitives::multihash::HashError;
use cairn_primitives::unixfs::BuildError;
use cairn_primitives::unixfs::chunker::ChunkerSpecError;
use cairn_store::BlockError;

/// Why content could not be taken in.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// An option, or a combination of options, that makes no sense.
    #[error(transparent)]
    Option(#[from] OptionError),
    /// The chunker cannot be used.
    #[error(transparent)]
    Chunker(#[from] ChunkerSpecError),
    /// The CID that was asked for does not exist.
    #[error(transparent)]
    Cid(#[from] CidError),
    /// A digest could not be made, or is one that nothing is stored under.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// A digest of the length that was asked for could not be made.
    #[error("the CID cannot be made: {0}")]
    InvalidCid(HashError),
    /// Two entries of one folder have one name.
    #[error("the directory has an entry of that name already")]
    EntryExists,
    /// A folder is to be where a file already is.
    #[error("a file is where a directory is to be")]
    FileExists,
    /// A folder below the root has no name.
    #[error("a directory has no name")]
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
    #[error("there is nothing to add")]
    NoEntries,
    /// The bytes are to stay where they are, but nobody said where that is.
    #[error("the path of the file is missing, without which it cannot be referred to")]
    NoReference,
    /// Bytes are to stay where they are, but this node does not allow it.
    #[error("references to files are turned off: Experimental.FilestoreEnabled turns them on")]
    ReferencesOff,
    /// A node of a file or a folder could not be built.
    #[error(transparent)]
    Build(BuildError),
    /// A block is larger than peers exchange.
    #[error(
        "the block has more than {} bytes, which peers do not exchange: add the content as a file, or allow big blocks",
        super::EXCHANGE_LIMIT
    )]
    BigBlock,
    /// An archive could not be read past this point.
    #[error("cannot import the archive{place}")]
    Car {
        /// Which block.
        place: CarPlace,
        /// What is wrong with it.
        #[source]
        fault: CarFault,
    },
    /// A node could not be read or written.
    #[error(transparent)]
    Codec(CodecError),
    /// The header of an archive could not be read.
    #[error("cannot read the header of the archive")]
    CarHeader(#[source] CarError),
    /// The archives have too many roots.
    #[error("the archives have more than {limit} roots")]
    TooManyRoots {
        /// How many are allowed.
        limit: usize,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] BlockError),
    /// The threads that hash could not be started.
    #[error("cannot start a hashing thread")]
    Threads(#[source] Arc<std::io::Error>),
    /// The hashing of a chunk was cut off by a fault of this program.
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

/// What is wrong at a place in an archive.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CarFault {
    /// The archive is malformed, or a block is not what its CID says.
    #[error(transparent)]
    Archive(#[from] CarError),
    /// A block cannot be read, so that its links are not known.
    #[error(transparent)]
    Block(#[from] CodecError),
    /// A block is larger than peers exchange.
    #[error(
        "the block has more than {} bytes, which peers do not exchange",
        super::EXCHANGE_LIMIT
    )]
    BigBlock,
}

/// An option of an import, or a combination of options, that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OptionError {
    /// Nanoseconds of a time without its seconds.
    #[error("nanoseconds of the modification time need its seconds")]
    NanosWithoutSeconds,
    /// Nanoseconds that are a second or more.
    #[error("nanoseconds of the modification time are not between 1 and 999999999")]
    Nanos,
    /// A fanout of sharded directories that cannot be used.
    #[error("a HAMT fanout is a power of 2 between 8 and 1024, and {0} is none")]
    Fanout(i64),
    /// References to files have leaves that are raw.
    #[error("references to files need raw leaves")]
    ReferenceLeaves,
    /// A block in its CID would be longer than a CID may hold.
    #[error("blocks of {limit} bytes cannot be inlined: a CID holds at most {most}")]
    InlineLimit {
        /// What was asked for, in bytes.
        limit: i64,
        /// What is possible.
        most: usize,
    },
    /// The name of the pin is too long.
    #[error("the name of the pin has {length} bytes, and {most} are allowed")]
    PinName {
        /// Its length in bytes.
        length: usize,
        /// The longest that is allowed.
        most: usize,
    },
    /// A mode or a time, which raw leaves have no place for.
    #[error("raw leaves have no place for a mode or a modification time")]
    RawLeavesMetadata,
    /// Nothing is stored, but a place in the mutable file system was named.
    #[error("what is only hashed cannot be put into the mutable file system")]
    OnlyHashToFiles,
    /// A name for a pin that is not made.
    #[error("a pin has a name only when it is made")]
    NameWithoutPin,
    /// A directory around what is put into another one.
    #[error("what goes into the mutable file system cannot be wrapped in a directory")]
    WrapToFiles,
    /// No such version of CIDs.
    #[error("CIDs have version 0 or 1, not {0}")]
    CidVersion(i64),
    /// Version 0 with another hash function.
    #[error("CIDv0 is sha2-256 only")]
    V0Hash,
    /// Version 0 with another hash function, or with a part of its digest.
    #[error("CIDv0 is a sha2-256 digest of 32 bytes only")]
    V0Digest,
    /// No hash function has this name.
    #[error("unknown hash function {0:?}")]
    Hash(String),
    /// The codec was given twice, in the old way and in the new.
    #[error("the codec is given twice, as the format and as the codec of the CID")]
    TwoCodecs,
    /// No codec has this name.
    #[error("unknown codec {0:?}")]
    Codec(String),
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
