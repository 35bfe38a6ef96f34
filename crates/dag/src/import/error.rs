//! Errors of imports.

use std::sync::Arc;

use cairn_primitives::Cid;
use cairn_primitives::car::CarError;
use cairn_primitives::cid::CidError;
use cairn_primitives::codec::CodecError;
use cairn_primitives::multihash::HashError;
use cairn_primitives::unixfs::BuildError;
use cairn_primitives::unixfs::chunker::ChunkerSpecError;
use cairn_store::BlockError;

/// Why an import failed.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// An invalid option or combination of options.
    #[error(transparent)]
    Option(#[from] OptionError),
    /// The chunker is invalid.
    #[error(transparent)]
    Chunker(#[from] ChunkerSpecError),
    /// The requested CID is impossible.
    #[error(transparent)]
    Cid(#[from] CidError),
    /// The digest cannot be computed, or its hash function is not allowed.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// The requested digest length is not possible.
    #[error("cannot make the CID: {0}")]
    InvalidCid(HashError),
    /// Two entries of a directory have the same name.
    #[error("the directory already has an entry with that name")]
    EntryExists,
    /// A directory has the path of a file.
    #[error("a directory has the path of a file")]
    FileExists,
    /// An entry has a path below that of a file.
    #[error("the path {path:?} is below that of a file")]
    BelowFile {
        /// The path of the entry.
        path: String,
    },
    /// A directory below the root has no name.
    #[error("a directory has no name")]
    UnnamedDirectory,
    /// The directories of a path have longer paths together than [`super::MAX_FOLDER_PATHS`].
    #[error(
        "the path of an entry has {folders} directories, whose paths have more than {} bytes together: add a directory closer to it",
        super::MAX_FOLDER_PATHS
    )]
    TooDeep {
        /// How many folders.
        folders: usize,
    },
    /// There are no entries.
    #[error("there is nothing to add")]
    NoEntries,
    /// The bytes are to stay in their file, but its path is missing.
    #[error("the path of the file is missing, which a reference needs")]
    NoReference,
    /// The names take more memory than [`super::MAX_NAMES`].
    #[error(
        "there are too many files in one import: their names take more than {} GiB of memory; add parts of them, and put these together with \
         `files cp`",
        super::MAX_NAMES >> 30
    )]
    TooManyNames,
    /// References to files are not allowed on this node.
    #[error("references to files are disabled: set Experimental.FilestoreEnabled to enable them")]
    ReferencesOff,
    /// A node of a file or directory could not be built.
    #[error(transparent)]
    Build(BuildError),
    /// A block is larger than peers exchange.
    #[error(
        "the block has more than {} bytes, which is too large to exchange with peers: add the content as a file, or allow big blocks",
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
    /// The hashing threads could not be started.
    #[error("cannot start a hashing thread")]
    Threads(#[source] Arc<std::io::Error>),
    /// The hashing of a chunk was cut off by a fault of this program.
    #[error("a hashing thread failed")]
    Hashing,
    /// The receiver of the events has gone.
    #[error("the receiver of the import's events is gone")]
    Abandoned,
    /// The import has failed before and can only be dropped.
    #[error("the import has already failed")]
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

/// An error in an archive.
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
        "the block has more than {} bytes, which is too large to exchange with peers",
        super::EXCHANGE_LIMIT
    )]
    BigBlock,
}

/// An option of an import, or a combination of options, that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OptionError {
    /// Nanoseconds of a time without its seconds.
    #[error("nanoseconds of the modification time require its seconds")]
    NanosWithoutSeconds,
    /// Nanoseconds that are a second or more.
    #[error("nanoseconds of the modification time must be between 1 and 999999999")]
    Nanos,
    /// A fanout of sharded directories that cannot be used.
    #[error("invalid HAMT fanout {0}: expected a power of 2 between 8 and 1024")]
    Fanout(i64),
    /// References to files have leaves that are raw.
    #[error("references to files require raw leaves")]
    ReferenceLeaves,
    /// A block in its CID would be longer than a CID may hold.
    #[error("blocks of {limit} bytes cannot be inlined: at most {most}")]
    InlineLimit {
        /// What was asked for, in bytes.
        limit: i64,
        /// What is possible.
        most: usize,
    },
    /// The name of the pin is too long.
    #[error("the name of the pin has {length} bytes: at most {most} are allowed")]
    PinName {
        /// Its length in bytes.
        length: usize,
        /// The longest that is allowed.
        most: usize,
    },
    /// A mode or a time, which raw leaves cannot store.
    #[error("raw leaves cannot store a mode or a modification time")]
    RawLeavesMetadata,
    /// Nothing is stored, but an MFS path was given.
    #[error("content that is only hashed cannot be added to MFS")]
    OnlyHashToFiles,
    /// A pin name without a pin.
    #[error("a pin name requires a pin")]
    NameWithoutPin,
    /// A wrapping directory together with an MFS path.
    #[error("content that is added to MFS cannot be wrapped in a directory")]
    WrapToFiles,
    /// No such version of CIDs.
    #[error("invalid CID version {0}: expected 0 or 1")]
    CidVersion(i64),
    /// Version 0 with another hash function.
    #[error("CIDv0 requires sha2-256")]
    V0Hash,
    /// Version 0 with another hash function, or with a part of its digest.
    #[error("CIDv0 requires a sha2-256 digest of 32 bytes")]
    V0Digest,
    /// No hash function has this name.
    #[error("unknown hash function {0:?}")]
    Hash(String),
    /// The codec was given twice, in the old way and in the new.
    #[error("the codec is given twice: as the format and as the codec of the CID")]
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
